"""Settings of the model: off by default, and refused where they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.errors import InvalidSetting
from seamark.site.options import OPTIONS, check_model, read_options


def test_off_by_default() -> None:
    told = read_options({})
    check_model(told)
    assert (told["SEAMARK_MODEL_URL"], told["SEAMARK_MODEL_NAME"], told["SEAMARK_MODEL_KEY"]) == ("", "", "")
    assert next(one for one in OPTIONS if one.name == "SEAMARK_MODEL_KEY").secret


def test_keys_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k\n")
    assert read_options({"SEAMARK_MODEL_KEY_FILE": str(tmp_path / "key")})["SEAMARK_MODEL_KEY"] == "k"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"URL": "https://x"}, "belong together"), ({"NAME": "x"}, "belong together"), ({"SECONDS": "0"}, "between 1 and 600"), ({"LINES": "401"}, "between 1 and 400"),
        ({"CALLS": "0"}, "between 1"), ({"TOKENS": "-1"}, "between 1"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit(given: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidSetting, match=why):
        check_model(read_options({f"SEAMARK_MODEL_{name}": value for name, value in given.items()}))
    check_model(
        read_options({"SEAMARK_MODEL_URL": "https://x", "SEAMARK_MODEL_NAME": "x", "SEAMARK_MODEL_LINES": "400"})
    )
