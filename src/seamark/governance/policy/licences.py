"""What licences oblige to, by their SPDX ids and expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from seamark.governance.policy.facts import LicenceClass

_ORDER: Final[tuple[LicenceClass, ...]] = (
    "permissive",
    "weak_copyleft",
    "other",
    "strong_copyleft",
    "network_copyleft",
)
"""From the mildest obligation to the strictest; one that is not known here stands in the middle: somebody has to read it."""
_PREFIXES: Final[tuple[tuple[str, LicenceClass], ...]] = (
    ("AGPL", "network_copyleft"), ("SSPL", "network_copyleft"), ("OSL", "network_copyleft"), ("EUPL", "network_copyleft"), ("CPAL", "network_copyleft"),
    ("LGPL", "weak_copyleft"), ("MPL", "weak_copyleft"), ("EPL", "weak_copyleft"), ("CDDL", "weak_copyleft"), ("CPL", "weak_copyleft"),
    ("MS-RL", "weak_copyleft"), ("APSL", "weak_copyleft"), ("ERLANG-PUBLIC", "weak_copyleft"),
    ("GPL", "strong_copyleft"), ("SLEEPYCAT", "strong_copyleft"), ("CC-BY-SA", "strong_copyleft"),
    ("MIT", "permissive"), ("APACHE", "permissive"), ("BSD", "permissive"), ("0BSD", "permissive"), ("ISC", "permissive"), ("ZLIB", "permissive"),
    ("UNLICENSE", "permissive"), ("CC0", "permissive"), ("PSF", "permissive"), ("PYTHON-2", "permissive"), ("BSL-1.0", "permissive"),
    ("WTFPL", "permissive"), ("X11", "permissive"), ("UNICODE", "permissive"), ("CC-BY-", "permissive"), ("BLUEOAK", "permissive"),
    ("ARTISTIC-2", "permissive"), ("AFL", "permissive"), ("POSTGRESQL", "permissive"), ("NCSA", "permissive"), ("CURL", "permissive"),
    ("OPENSSL", "permissive"), ("LIBPNG", "permissive"), ("HPND", "permissive"), ("RUBY", "permissive"), ("MS-PL", "permissive"),
    ("OFL", "permissive"), ("FTL", "permissive"), ("ZPL", "permissive"), ("TCL", "permissive"), ("ECL", "permissive"), ("EDL", "permissive"),
)  # fmt: skip
_NON_COMMERCIAL: Final = re.compile(r"-(NC|ND)\b")
_LINKING: Final = re.compile(
    r"\s+WITH\s+\S*(classpath|gcc|autoconf|bison|linking|llvm|runtime|swift)\S*", re.IGNORECASE
)
_SAYS_NOTHING: Final = frozenset({"", "NOASSERTION", "NONE", "UNKNOWN"})


def licence_class(licences: Iterable[str]) -> LicenceClass | None:
    """Return the strictest obligation of some licences or SPDX expressions; where a choice (`OR`) is offered the mildest of it.

    None where none is stated. A licence that is not known here is `other`.
    """
    found = [one for licence in licences if (one := _of_expression(licence.strip())) is not None]
    return max(found, key=_ORDER.index, default=None)


@lru_cache(maxsize=4096)
def _of_expression(text: str) -> LicenceClass | None:
    if text.upper() in _SAYS_NOTHING:
        return None
    inner = re.compile(r"\(([^()]*)\)")
    known: dict[str, LicenceClass] = {}
    while match := inner.search(text):
        name = f"@{len(known)}"
        known[name] = _flat(match[1], known)
        text = f"{text[: match.start()]} {name} {text[match.end() :]}"
    return _flat(text, known)


def _flat(text: str, known: dict[str, LicenceClass]) -> LicenceClass:
    """Return the class of an expression without parentheses: `AND` binds more tightly than `OR`."""
    choices: list[LicenceClass] = []
    for choice in re.split(r"\s+OR\s+", text, flags=re.IGNORECASE):
        parts = [_of_id(part.strip(), known) for part in re.split(r"\s+AND\s+", choice, flags=re.IGNORECASE)]
        choices.append(max(parts, key=_ORDER.index))
    return min(choices, key=_ORDER.index)


def _of_id(text: str, known: dict[str, LicenceClass]) -> LicenceClass:
    if text in known:
        return known[text]
    name = text.upper().removeprefix("GNU ").replace("_", "-")
    if _NON_COMMERCIAL.search(name):
        return "other"
    found: LicenceClass = next((kind for prefix, kind in _PREFIXES if name.startswith(prefix)), "other")
    # An exception for linking makes of a strong copyleft one that ends at the package.
    return "weak_copyleft" if found == "strong_copyleft" and _LINKING.search(text) else found
