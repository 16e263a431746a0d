"""Tags of images: which version, which variant, on which release of which operating system; and which of them lie ahead of another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_RELEASES: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    **{name: ("debian", (number,)) for name, number in
       (("jessie", 8), ("stretch", 9), ("buster", 10), ("bullseye", 11), ("bookworm", 12), ("trixie", 13), ("forky", 14))},
    **{name: ("ubuntu", (year, 4)) for name, year in (("trusty", 14), ("xenial", 16), ("bionic", 18), ("focal", 20), ("jammy", 22), ("noble", 24))},
}  # fmt: skip
_NUMBERED: Final = re.compile(r"(alpine|debian|ubuntu|ubi|windowsservercore-ltsc|nanoserver-ltsc)-?(\d+(?:\.\d+)*)")
_TAG: Final = re.compile(r"(?P<v>v?)(?P<numbers>\d+(?:\.\d+){0,4})(?P<rest>(?:-[A-Za-z0-9_.+-]*)?)")
_AHEAD: Final = re.compile(r"(?:^|[-.])(?:a|b|alpha|beta|rc|pre|preview|dev|nightly|edge|canary|snapshot|ea|next)\.?\d*(?:[-.]|$)", re.IGNORECASE)  # fmt: skip
_BUILD: Final = re.compile(r"(?:\d{6,}|[0-9a-f]{7,64})", re.IGNORECASE)
_LONGEST: Final = 128
MOVING: Final = frozenset({"", "latest", "stable", "lts", "current", "mainline", "edge", "main", "master"})
"""Tags that say no version."""


class Tag(NamedTuple):
    """A tag taken apart."""

    text: str
    numbers: tuple[int, ...]
    """The version; the release of the system where the tag says nothing but that."""
    family: tuple[str, ...]
    """What it is otherwise: two tags of one family are the same thing at two versions."""
    system: str
    """`debian`, `alpine` …; empty where the tag does not say it."""
    release: tuple[int, ...]
    """Of the system; empty where the tag does not say it."""


def read_tag(text: str) -> Tag | None:
    """Return what a tag says, None where it says no version or lies ahead of a release."""
    if len(text) > _LONGEST or _AHEAD.search(text):
        return None
    head = text.split("-")
    if head[0] in _RELEASES:
        system, release = _RELEASES[head[0]]
        return Tag(text, release, ("named", *head[1:]), system, release) if not any(map(_BUILD.fullmatch, head[1:])) else None  # fmt: skip
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    numbers = tuple(int(one) for one in found["numbers"].split("."))
    words, system, release = _variant(found["rest"].lstrip("-"))
    if any(_BUILD.fullmatch(one) for one in words) or numbers[0] > 9_999_999:
        return None
    return Tag(text, numbers, (found["v"], str(len(numbers)), *words), system, release)


def _variant(rest: str) -> tuple[list[str], str, tuple[int, ...]]:
    """Return the words of a variant with the system's release taken out, the system, and its release."""
    system, release, words = "", tuple[int, ...](), []
    for word in filter(None, rest.split("-")):
        numbered = _NUMBERED.fullmatch(word)
        if word in _RELEASES and not system:
            system, release = _RELEASES[word]
            words.append(f"@{system}")
        elif numbered is not None and not system:
            system, release = numbered[1], tuple(int(one) for one in numbered[2].split("."))
            words.append(f"@{system}")
        else:
            words.append(word)
    return words, system, release


def ahead(now: str, tags: Iterable[str]) -> list[Tag]:
    """Return the tags of the same family above one, lowest first: neither version nor system older, one of them newer.

    Of a tag without a version (`latest`) these are all exact versions without a variant.
    """
    known = [tag for tag in map(read_tag, dict.fromkeys(tags)) if tag is not None]
    mine = read_tag(now)
    if mine is None:
        plain = [one for one in known if len(one.family) == 2 and not one.family[0] and len(one.numbers) >= 2]
        most = max((len(one.numbers) for one in plain), default=0)
        return sorted((one for one in plain if len(one.numbers) == most), key=rank) if now in MOVING else []
    same = (one for one in known if one.family == mine.family and one.system == mine.system)
    return sorted((one for one in same if one.numbers >= mine.numbers and one.release >= mine.release and rank(one) > rank(mine)), key=rank)  # fmt: skip


def rank(tag: Tag) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Return what sorts the tags of a family."""
    return tag.numbers, tag.release, tag.text
