"""Whether a text is a licence expression of SPDX."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

LONGEST: Final = 4000
_TOKEN = re.compile(r"\s*(\(|\)|[A-Za-z0-9.+:-]+)")
_OWN = re.compile(r"(?:documentref-[a-z0-9.-]+:)?(?:licenseref|additionref)-[a-z0-9.-]+")


@cache
def _known() -> tuple[dict[str, str], dict[str, str]]:
    """Return the short identifiers of licences and of exceptions, by their lower case."""
    text = (files("seamark.intake.sbom") / "licences.txt").read_text("utf-8")
    licences, _, exceptions = text.partition("\n\n")
    return {one.lower(): one for one in licences.split("\n")[1:]}, {one.lower(): one for one in exceptions.split()}


def identifier(text: str) -> str:
    """Return the short identifier of SPDX's list as the list writes it, or an empty string where a text is none."""
    return _known()[0].get(text.strip().lower(), "")


@lru_cache(maxsize=16384)
def is_expression(text: str) -> bool:
    """Tell whether a text is an SPDX expression whose every identifier is on the list (`MIT OR (Apache-2.0 AND LicenseRef-x)`).

    `NOASSERTION` and `NONE` are none.
    """
    words = _words(text)
    licences, exceptions = _known()
    depth, operand = 0, True
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if operand:
            if word == "(":
                depth += 1
                continue
            if word not in licences and word.removesuffix("+") not in licences and not _OWN.fullmatch(word):
                return False
            operand = False
        elif word == ")" and depth:
            depth -= 1
        elif word in {"and", "or"}:
            operand = True
        elif word == "with" and at < len(words) and (words[at] in exceptions or _OWN.fullmatch(words[at])):
            at += 1
        else:
            return False
    return bool(words) and not operand and not depth


def _words(text: str) -> list[str]:
    """Return the words and brackets, in lower case; none where anything else stands between them."""
    text = text.strip().lower()
    found: list[str] = []
    at = 0
    while at < len(text) <= LONGEST:
        match = _TOKEN.match(text, at)
        if match is None:
            return []
        found.append(match[1])
        at = match.end()
    return found
