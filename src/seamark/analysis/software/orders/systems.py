"""The orders of operating systems' packages: dpkg, rpm, apk, pacman, Portage."""

from __future__ import annotations

import re

Key = tuple[object, ...]

_EPOCH = re.compile(r"([0-9]+):(.*)", re.DOTALL)
_DEBIAN = re.compile(r"([^0-9]*)([0-9]*)")


def _with_epoch(text: str) -> tuple[int, str]:
    found = _EPOCH.fullmatch(text)
    return (int(found[1]), found[2]) if found else (0, text)


def _debian_part(text: str) -> Key:
    """Return a part as runs of characters and numbers in turn; a tilde is below the end, letters below other marks."""
    key: list[object] = []
    for marks, digits in _DEBIAN.findall(text):
        if marks or digits:
            key.append((*(-1 if one == "~" else ord(one) if one.isalpha() else ord(one) + 256 for one in marks), 0))
            key.append(int(digits or 0))
    return (*key, (0,))


def debian(text: str) -> Key | None:
    """Return the key of dpkg: `epoch:upstream-revision`."""
    epoch, body = _with_epoch(text.strip())
    upstream, _, revision = body.rpartition("-") if "-" in body else (body, "", "")
    return (epoch, _debian_part(upstream), _debian_part(revision)) if body else None


_RPM = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_RPM_END = (0,)


def _rpm_part(text: str) -> Key:
    """Return a part as its runs of digits and letters: tilde, end, caret, letters, digits in rising order."""
    key: list[object] = []
    for run in _RPM.findall(text):
        if run in "~^":
            key.append((-1,) if run == "~" else (1,))
        else:
            key.append((3, int(run)) if run.isdigit() else (2, run))
    return (*key, _RPM_END)


def rpm(text: str) -> Key | None:
    """Return the key of rpm: `epoch:version-release`."""
    epoch, body = _with_epoch(text.strip())
    version, _, release = body.partition("-")
    return (epoch, _rpm_part(version), _rpm_part(release)) if body else None


_APK = re.compile(
    r"([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~[0-9a-f]+)?(?:-r([0-9]+))?"
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_SUFFIXES = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3, "cvs": 5, "svn": 6, "git": 7, "hg": 8, "p": 9}
_NO_SUFFIX = (4, 0)


def apk(text: str) -> Key | None:
    """Return the key of Alpine's apk and of Portage: numbers, a letter, suffixes (`_rc1`, `_p2`), a revision (`-r3`)."""
    found = _APK.fullmatch(text.strip())
    if found is None:
        return None
    first, *others = found[1].split(".")
    # A number with noughts in front is a fraction: 1.05 is below 1.1.
    parts = [(1, int(first), "")]
    parts += [(0, 0, one.rstrip("0")) if one.startswith("0") else (1, int(one), "") for one in others]
    suffixes = [(_SUFFIXES[name], int(number or 0)) for name, number in _SUFFIX.findall(found[3])]
    return tuple(parts), found[2], (*suffixes, _NO_SUFFIX), int(found[4] or 0)
