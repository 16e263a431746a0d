"""Making a change in files written in a test."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from seamark.response.remediation.change import Change, ChangeKind
from seamark.response.remediation.editors.edit import edit
from seamark.response.remediation.editors.notation.source import UnsafeEdit

KINDS = {
    "docker": ChangeKind.IMAGE,
    "githubactions": ChangeKind.ACTION_PIN,
    "terraform": ChangeKind.MODULE,
    "helm": ChangeKind.CHART,
}


def change(ecosystem: str, name: str, versions: str, manifests: tuple[str, ...], **more: Any) -> Change:
    """Return a change; `versions` is `from -> to`."""
    old, new = (each.strip() for each in versions.split("->"))
    return Change(
        **{
            "ecosystem": ecosystem,
            "name": name,
            "from_version": old,
            "to_version": new,
            "manifests": manifests,
            "kind": KINDS.get(ecosystem, ChangeKind.BUMP),
            **more,
        }
    )


def made(files: dict[str, str], ecosystem: str, name: str, versions: str, **more: Any) -> dict[str, str]:
    """Return the files, as text, with a change made in all of them, or in those of `manifests`."""
    asked = change(ecosystem, name, versions, more.pop("manifests", tuple(files)), **more)
    after = edit({path: text.encode() for path, text in files.items()}, asked)
    with contextlib.suppress(UnsafeEdit):
        assert edit(after, asked) == after, "making it twice is making it once"
    return {path: data.decode() for path, data in after.items()}


def swapped(path: str, text: str, old: str, new: str, ecosystem: str, name: str, versions: str, **more: Any) -> None:
    """Check that a change replaces one piece of a text by another and leaves the rest, with either line end and with a byte order mark."""
    assert text.count(old) == 1, "the test's own text has to be clear"
    for written in (text, text.replace("\n", "\r\n"), text.rstrip("\n"), "\ufeff" + text):
        end = "\r\n" if "\r\n" in written else "\n"
        was, now = old.replace("\n", end), new.replace("\n", end)
        assert made({path: written}, ecosystem, name, versions, **more)[path] == written.replace(was, now)


def refused(files: dict[str, str], match: str, ecosystem: str, name: str, versions: str, **more: Any) -> None:
    """Check that a change is refused in these words."""
    with pytest.raises(UnsafeEdit, match=match):
        made(files, ecosystem, name, versions, **more)
