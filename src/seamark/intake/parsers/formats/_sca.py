"""What several reports about packages share: where a range of safe versions begins, and coordinates that are package URLs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from seamark.core.component import Component, parse_purl
from seamark.core.finding import Rule
from seamark.intake.parsers.kit.packages import purl_type

_FIRST: Final = re.compile(r"(?:>=|=>|~>|≥|\^|(?<![<>!~=])=)\s*v?([0-9A-Za-z][\w.+:~-]*)")
_VERSION: Final = re.compile(r"v?[0-9][\w.+:~-]*")


@lru_cache(maxsize=16384)
def first_versions(*ranges: str) -> tuple[str, ...]:
    """Return the versions that ranges of safe versions begin with: `>= 1.2, < 2.0` gives `1.2`, a bare version itself."""
    found: dict[str, None] = {}
    for text in ranges:
        stripped = text.strip().strip("'\"")
        if _VERSION.fullmatch(stripped):
            found[stripped] = None
        else:
            found.update(dict.fromkeys(_FIRST.findall(stripped)))
    return tuple(found)


@lru_cache(maxsize=65536)
def of_coordinates(coordinates: str) -> Component:
    """Return the component for a package URL as Sonatype's OSS Index writes it; what is none keeps its text as the name."""
    parsed = parse_purl(coordinates)
    if parsed is None:
        name, _, version = coordinates.removeprefix("pkg:").rpartition("@")
        return Component(name=unquote(name or version), version=version if name else "")
    name = f"{parsed.namespace}/{parsed.name}" if parsed.namespace else parsed.name
    return Component(name=name, version=parsed.version or "", purl=parsed.to_string())


@lru_cache(maxsize=1024)
def ecosystem(word: str) -> str:
    """Return the package URL type for a word of any tool; words with a dash or underscore are read by their first part too."""
    cleaned = word.strip().lower()
    return purl_type(cleaned) or purl_type(re.split(r"[_ -]", cleaned, maxsplit=1)[0])


@lru_cache(maxsize=2048)
def shared_rule(
    *,
    id: str,
    name: str = "",
    title: str = "",
    description: str = "",
    remedy: str = "",
    cwes: tuple[int, ...] = (),
    tags: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
) -> Rule:
    """Return the rule with these texts: one object for all findings that say the same about a vulnerability."""
    return Rule(
        id=id,
        name=name,
        title=title,
        description=description,
        remedy=remedy,
        cwes=cwes,
        tags=tags,
        references=references,
    )
