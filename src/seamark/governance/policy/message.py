"""What a violation says: text with facts in braces."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from seamark.core.severity import Severity
from seamark.governance.policy import shapes
from seamark.governance.policy.check import suggestion
from seamark.governance.policy.facts import GROUPS, Facts

_FACT: Final = re.compile(r"\{([^{}]*)\}")
_LONGEST: Final = 300
"""Characters of one fact in a message: report text is of any length."""


def wrong_facts(template: str) -> list[tuple[int, str]]:
    """Return what is wrong with a template: place in it, from 0, and a sentence."""
    found = []
    for match in _FACT.finditer(template):
        group, _, field = match[1].partition(".")
        if group not in GROUPS:
            found.append((match.start(1), f"there are no facts {group!r}{suggestion(group, GROUPS)}"))
        elif field not in shapes.fields(GROUPS[group]):
            near = suggestion(field, shapes.fields(GROUPS[group]))
            found.append((match.start(1), f"{group} has no fact {field!r}{near}"))
    return found


def written(template: str, facts: Facts) -> str:
    """Return a template with a record's facts put in; those that are not known are called so."""
    return "".join(
        [
            part if isinstance(part, str) else told(getattr(getattr(facts, part[0]), part[1], None))
            for part in _parts(template)
        ]
    )


@lru_cache(maxsize=4096)
def pattern(template: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a template as a text for `%`, and the facts that it takes, as `told` writes them. Of what is no fact nothing is known."""
    form, facts = [], []
    for part in _parts(template):
        if isinstance(part, str):
            form.append(part.replace("%", "%%"))
        elif part[0] in GROUPS and part[1] in shapes.fields(GROUPS[part[0]]):
            form.append("%s")
            facts.append(part)
        else:
            form.append("unknown")
    return "".join(form), tuple(facts)


@lru_cache(maxsize=4096)
def _parts(template: str) -> tuple[str | tuple[str, str], ...]:
    """Return a template in pieces: texts, and facts as pairs of group and name."""
    found: list[str | tuple[str, str]] = []
    for number, piece in enumerate(_FACT.split(template)):
        group, _, field = piece.partition(".")
        found.append((group, field) if number % 2 else piece)
    return tuple(found)


def told(value: Any) -> str:
    """Return a fact in words; one that is not known is called so."""
    if value is None:
        return "unknown"
    if isinstance(value, Severity):
        return value.word
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        names = [each if isinstance(each, str) else str(each.ref or "?") for each in value]
        return ", ".join(names[:10])[:_LONGEST] + (" …" if len(names) > 10 else "")
    return " ".join(str(value).split())[:_LONGEST]
