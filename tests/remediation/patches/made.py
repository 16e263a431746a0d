"""Making patches in files written in a test."""

from __future__ import annotations

import pytest

from seamark.core.location import CodeLocation
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.patches.patch import Patched, patch


def patched(
    path: str,
    text: str,
    finding: str,
    line: int | None = None,
    *,
    end: int | None = None,
    scope: str = "",
    **given: str,
) -> str:
    """Return a file with a finding (`tool rule`) cleared, and check that clearing it again changes nothing."""
    location = CodeLocation(path=path, line=line, end_line=end, scope=scope)
    tool, rule = finding.split()
    known = {name.replace("__", ":"): value for name, value in given.items()}
    after: Patched = patch(tool, rule, {path: text.encode(), "other": b"\0"}, location, known)
    assert after.title
    assert after.files["other"] == b"\0"
    with pytest.raises(UnsafeEdit):
        patch(tool, rule, after.files, location, known)
    return after.files[path].decode()


def becomes(path: str, text: str, old: str, new: str, finding: str, line: int | None = None, **more: str) -> None:
    """Check that clearing a finding replaces one piece of a text, with either line end."""
    assert text.count(old) == 1, "the test's own text has to be clear"
    for end in ("\n", "\r\n"):
        written, was, now = (each.replace("\n", end) for each in (text, old, new))
        assert patched(path, written, finding, line, **more) == written.replace(was, now)


def refused(path: str, text: str, match: str, finding: str, line: int | None = None, **given: str) -> None:
    """Check that clearing a finding is refused in these words."""
    tool, rule = finding.split()
    with pytest.raises(UnsafeEdit, match=match):
        patch(
            tool,
            rule,
            {path: text.encode()},
            CodeLocation(path=path, line=line),
            {name.replace("__", ":"): value for name, value in given.items()},
        )
