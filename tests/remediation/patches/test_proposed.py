"""What tools propose: exactly where they said, and only while the file is what they saw."""

from __future__ import annotations

import hashlib

import pytest

from seamark.core.finding import Patch, Replacement
from seamark.core.location import CodeLocation
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.patches.proposed import apply

TEXT = "import yaml\r\nüber = yaml.load(x)\r\nprint(1)\r\n"
FILES = {"a.py": TEXT.encode(), "b.py": b"x"}
SEEN = CodeLocation(path="a.py", line=2, snippet="über = yaml.load(x)")


def edit(**more: int | str | None) -> Patch:
    told = {"path": "a.py", "line": 2, "column": 13, "end_line": 2, "end_column": 17, "text": "safe_load", **more}
    return Patch(description="Use safe_load.\nMore", replacements=(Replacement(**told),))


def test_range_is_replaced() -> None:
    after = apply(edit(), FILES, SEEN)
    assert after.files == {"a.py": TEXT.replace(".load", ".safe_load").encode(), "b.py": b"x"}
    assert after.title == "Use safe_load."
    digest = {"a.py": hashlib.sha256(FILES["a.py"]).hexdigest()}
    assert apply(edit(), FILES, None, digest).files == after.files


def test_line_ends_are_those_of_the_file() -> None:
    after = apply(edit(text="load(y)\n#", column=13, end_column=None), FILES, SEEN)
    assert after.files["a.py"].decode() == TEXT.replace("load(x)", "load(y)\r\n#")


@pytest.mark.parametrize(
    ("proposed", "seen", "digests", "match"),
    [
        (edit(), None, None, "Nothing shows"),
        (edit(), CodeLocation(path="a.py", line=1, snippet="über = yaml.load(x)"), None, "was changed"),
        (edit(), None, {"a.py": "0" * 64}, "was changed"),
        (edit(line=3, end_line=3), CodeLocation(path="a.py", line=1, snippet="import yaml"), None, "does not show"),
        (edit(column=99), SEEN, None, "no column"),
        (edit(end_column=3), SEEN, None, "ends before"),
        (edit(text="load(("), SEEN, None, "could not be parsed"),
        (edit(text="load"), SEEN, None, "already"),
        (edit(path="../c.py"), SEEN, None, "not among"),
        (Patch(description="Do better."), SEEN, None, "does not say"),
        (
            Patch(replacements=(edit().replacements[0], edit(column=12, text="z").replacements[0])),
            SEEN,
            None,
            "same place",
        ),
    ],
)
def test_proposal_is_refused(
    proposed: Patch, seen: CodeLocation | None, digests: dict[str, str] | None, match: str
) -> None:
    with pytest.raises(UnsafeEdit, match=match):
        apply(proposed, FILES, seen, digests)
