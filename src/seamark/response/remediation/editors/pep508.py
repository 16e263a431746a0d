"""Requirements as Python writes them (`name[extra]>=1.2 ; marker`), with the place of the version."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from seamark.response.remediation.change import Change
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.editors.requirement import raised

_REQUIREMENT: Final = re.compile(
    r"[ \t]*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?P<extras>[ \t]*\[[^\]\n]*\])?[ \t]*(?P<open>\()?"
    r"(?P<rest>[^;#\\\r\n)]*?)(?P<close>\))?[ \t]*(?=;|\s#|\\|\s--|\r|\n|$)"
)


class Asked(NamedTuple):
    """A requirement: its name, and its version specifier with its place in the text."""

    name: str
    specifier: str
    start: int
    end: int


def normal(name: str) -> str:
    """Return a package's name as its index compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(text: str) -> Asked | None:
    """Return what a line asks for; None for options, paths, addresses and comments."""
    found = _REQUIREMENT.match(text)
    if found is None or text.lstrip()[:1] in {"-", "#", ""}:
        return None
    return Asked(
        found["name"], found["rest"].strip(), found.start("rest"), found.start("rest") + len(found["rest"].rstrip())
    )


def raise_specifier(text: str, change: Change) -> tuple[int, int, str] | None:
    """Return the piece of a requirement that is replaced (start, end, text), None where nothing is to be changed.

    A requirement without a version gets one. Raises `UnsafeEdit` where it is an address, or cannot be raised.
    """
    found = asked(text)
    if found is None:
        return None
    if found.specifier.startswith("@"):
        raise UnsafeEdit(f"{change.name} is taken from an address, not by its version.")
    if not found.specifier:
        return found.start, found.start, f">={change.to_version}"
    new = raised(
        found.specifier, ecosystem="pypi", name=change.name, current=change.from_version, wanted=change.to_version
    )
    return None if new is None else (found.start, found.end, new)
