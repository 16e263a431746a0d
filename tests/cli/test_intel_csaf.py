"""seamark intel update csaf: vendors that the operator names, and words that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.feeds.advisories import NAME, made
from tests.feeds.conftest import Publisher, publisher

from .conftest import Command

__all__ = ["publisher"]
pytestmark = pytest.mark.django_db


def test_a_folder_is_loaded_and_the_flaw_told(seamark: Command, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.json").write_bytes(made())
    asked = ("intel", "update", "csaf", "--provider", f"acme={folder}")
    assert seamark(*asked).out == "csaf/acme: CSAF acme 2026-10-01, 2 rows; 0 issues scored anew\n"
    assert seamark(*asked).out == "csaf/acme: unchanged\n"
    assert "CSAF acme 2026-10-01: 2 entries" in seamark("intel", "status").out
    told = seamark("cve", NAME).out
    assert "What vendors say" in told
    assert "vulnerable_code_not_in_execute_path" in told
    found = json.loads(seamark("cve", NAME, "--json").out)["vendors"]
    assert [one["status"] for one in found["packages"]] == ["not_affected", "fixed"]


def test_a_file_is_imported(seamark: Command, report: Callable[..., Path]) -> None:
    result = seamark("intel", "import", report(made(), "advisory.json"))
    assert result.out.endswith("/advisory.json: CSAF, 2 rows as of 2026-10-01; 0 issues scored anew\n")


def test_providers_of_the_setting_are_asked_through_the_guard(
    seamark: Command, publisher: Publisher, settings: object
) -> None:
    settings.SEAMARK_CSAF_PROVIDERS = [f"acme={publisher.url}"]  # type: ignore[attr-defined]
    result = seamark("intel", "update", "csaf")
    assert (result.code, result.out) == (1, "")
    assert "127.0.0.1 is not called without https" in result.err
    assert publisher.asked == []
    settings.SEAMARK_INTERNAL_HOSTS = ["127.0.0.1"]  # type: ignore[attr-defined]
    assert "answers 404" in seamark("intel", "update", "csaf").err


@pytest.mark.parametrize(("words", "code", "said"), [
    (["csaf"], 1, "No vendor is named"),
    (["csaf", "--provider", "acme"], 2, "is no provider"),
    (["csaf", "--provider", "Acme Inc=https://acme.example"], 2, "is no provider"),
    (["csaf", "--provider", "acme=ftp://acme.example"], 2, "not https://"),
    (["csaf", "--provider", "acme=https://"], 2, "not https://"),
    (["csaf", "--provider", "a=/x", "--provider", "a=/y"], 2, "twice"),
    (["epss", "--provider", "acme=/x"], 2, "--provider is for the feed csaf"),
    (["csaf", "--provider", "acme=gone"], 1, "csaf/acme: gone cannot be read"),
    (["--provider", "acme=gone"], 1, "csaf/acme: gone cannot be read"),
])  # fmt: skip
def test_wrong_words(words: list[str], code: int, said: str, seamark: Command) -> None:
    result = seamark("intel", "update", *words)
    assert (result.code, result.out) == (code, "")
    assert said in " ".join(result.err.split())
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "data",
    [b'{"document": {"csaf_version": "2.0"}}', b'{"document": {"csaf_version": 2}, "vulnerabilities": 7}', made()[:-9]],
)
def test_documents_that_cannot_be_read(data: bytes, seamark: Command, report: Callable[..., Path]) -> None:
    result = seamark("intel", "import", report(data, "bad.json"))
    assert (result.code, result.out) == (2, "")
    assert "CSAF document" in result.err
    assert "Traceback" not in result.err
