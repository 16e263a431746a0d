"""Words that all of Checkmarx's reports share."""

from __future__ import annotations

import re
from functools import lru_cache

from seamark.intake.parsers.kit import Component, Rule, Suppression, cwe_ids
from seamark.intake.parsers.kit.packages import package

_STATES = {"0": "to verify", "1": "not exploitable", "2": "confirmed", "3": "urgent", "4": "proposed not exploitable"}
"""The numbers that the server writes for the states of a result."""
_PACKAGE = re.compile(r"^([A-Za-z]+)-(.+)-(v?\d[^-]*(?:-[A-Za-z].*)?)$")
_ECOSYSTEMS = {"python": "pypi", "ios": "cocoapods", "php": "composer", "cpp": "conan", "oracle": "maven"}


@lru_cache(maxsize=256)
def state_word(state: str) -> str:
    """Return a result's state in words of one form: `to verify`, `not exploitable` and so on."""
    return _STATES.get(state) or state.replace("_", " ").lower().strip()


def suppression(state: str, remark: str = "") -> Suppression | None:
    """Return the decision against a result, in any of Checkmarx's spellings; one that is only proposed is not accepted."""
    word = state_word(state)
    if word == "not exploitable":
        return Suppression(origin="tool", justification=remark or word)
    if word == "proposed not exploitable":
        return Suppression(origin="tool", justification=remark or word, accepted=False)
    if word in {"ignored", "muted", "snoozed"}:
        return Suppression(origin="tool", justification=remark or word)
    return None


def state_tags(state: str) -> tuple[str, ...]:
    """Return the state as a tag where a person has looked and agreed."""
    word = state_word(state)
    return (word,) if word in {"confirmed", "urgent"} else ()


def is_fixed(status: str | None) -> bool:
    """Tell whether a result is listed only because it is gone."""
    return (status or "").strip().lower() in {"fixed", "resolved"}


@lru_cache(maxsize=8192)
def rule(
    language: str, query: str, description: str = "", cwe: str | int = "", tags: tuple[str, ...] = (), remedy: str = ""
) -> Rule:
    """Return the rule for a query. Queries of several languages have the same name, so the language belongs to the id."""
    return Rule(
        id=f"{language}/{query}" if language else query,
        name=query,
        title=query.replace("_", " "),
        description=description,
        remedy=remedy,
        cwes=cwe_ids(cwe or None),
        tags=tags,
    )


@lru_cache(maxsize=16384)
def component(identifier: str, name: str, version: str, direct: bool | None) -> Component:
    """Return the package for an identifier like `Maven-org.example:core-1.2.3`; name and version win where known."""
    ecosystem = ""
    if found := _PACKAGE.match(identifier):
        ecosystem = found[1].lower()
        prefix = f"{found[1]}-{name}-"
        version = version or (identifier[len(prefix) :] if name and identifier.startswith(prefix) else found[3])
        name = name or found[2]
    made = package(_ECOSYSTEMS.get(ecosystem, ecosystem), name, version)
    return Component(name=made.name or identifier, version=version, purl=made.purl, direct=direct)
