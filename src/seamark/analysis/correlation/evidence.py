"""What speaks for two findings being one issue, each piece with its weight. Pure.

The weights add up to a confidence. No single piece reaches `MERGE`: it takes the place and the meaning together. How they
were found is told in docs/correlation.md; `python -m benchmarks.accuracy` shows what a change of them does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from seamark.analysis.correlation.equivalence import meaning, tool_key
from seamark.analysis.correlation.signals import code_key
from seamark.analysis.correlation.weakness import similarity, specific
from seamark.analysis.correlation.words import by_words

MERGE: Final = 0.85
SUGGEST: Final = 0.6

SAME_FAMILY: Final = 0.55
SAME_WEAKNESS: Final = 0.5
NEAR_WEAKNESS: Final = 0.5
SIBLING_WEAKNESS: Final = 0.35
WEAKNESS_OF_CONFIGURATION: Final = 0.3
"""In configuration dozens of unlike checks share one CWE and one line: there it takes the table to merge."""

SAME_LINE: Final = 0.45
SAME_SPAN: Final = 0.38
CLOSE: Final = 0.35
UNCLEAR: Final = 0.15
SAME_RESOURCE: Final = 0.4
SAME_ROUTE: Final = 0.25
SAME_PARAMETER: Final = 0.2
SAME_FLAW: Final = 0.5
SAME_PACKAGE: Final = 0.45
AGREES: Final = 0.05
"""The same column, function or code."""
DIFFERENT_SCOPES: Final = -0.3

_SECRET: Final = "hard-coded-secret"  # noqa: S105 - a family of rules

Reason = tuple[str, float]
NOTHING: Final[Reason] = ("", 0.0)


class Sighting(NamedTuple):
    """A finding as the matcher sees it: plain values, empty or 0 where the report does not say."""

    tool: str
    rule: str
    path: str = ""
    line: int = 0
    end_line: int = 0
    column: int = 0
    scope: str = ""
    cwes: tuple[int, ...] = ()
    snippet: str = ""
    """The code as the tool shows it."""
    kind: str = "code"
    resource: str = ""
    flaw: str = ""
    """The vulnerability or its alias group."""
    component: str = ""
    url: str = ""
    """The route: `signals.url_template` of the address."""
    method: str = ""
    parameter: str = ""
    asset: str = ""
    title: str = ""
    """The rule's name and title, else the finding's, for rules that nothing else is known of."""
    stream: int = 0
    flow: tuple[int, ...] = ()
    """Lines of its file, other than its own, at which the way of its data begins or ends."""


class Profile(NamedTuple):
    """What all findings of one rule have in common."""

    tool: str
    rule: str
    family: str
    role: str
    cwes: tuple[int, ...]
    configuration: bool
    listed: bool = False
    """The table knows it."""


_CONFIGURATION: Final = (
    ".tf", ".tf.json", ".tfvars", ".hcl", ".yaml", ".yml", ".bicep", "dockerfile", ".dockerfile", ".template",
)  # fmt: skip


@lru_cache(maxsize=65536)
def is_configuration(kind: str, path: str) -> bool:
    """Tell whether a finding is about configuration: by its kind, or by its file."""
    return kind in {"misconfiguration", "cloud"} or path.lower().endswith(_CONFIGURATION)


def profile(
    tool: str, rule: str, cwes: tuple[int, ...], *, secret: bool, configuration: bool, title: str = ""
) -> Profile:
    """Return what a rule is about: by the table, else by the weaknesses of the report that say something, else by its words.

    In configuration words say nothing: dozens of unlike checks share them.
    """
    key = tool_key(tool)
    known = meaning(tool, rule)
    if known is not None:
        told = (known.cwe,) if known.cwe else tuple(sorted(cwes))
        return Profile(key, rule, known.family, known.role, told, configuration, listed=True)
    if secret:
        return Profile(key, rule, _SECRET, "", (798,), configuration)
    told = specific(cwes)
    meant = None if configuration else by_words(rule, title)
    if meant is None:
        return Profile(key, rule, "", "", told, configuration)
    # Reports give a rule all the weaknesses that it has to do with; its words tell which of them it is about.
    near = tuple(number for number in told if similarity(number, meant.cwe))
    if told and not near:
        return Profile(key, rule, "", "", told, configuration)
    return Profile(key, rule, meant.family, meant.role, near or (meant.cwe,), configuration)


def title_tells(title: str) -> bool:
    """Tell whether a title may say that a rule points at an import, which changes what a known weakness means."""
    return "import" in title or "implications" in title


def asks_for_title(known: Profile) -> bool:
    """Tell whether a profile made without a title could be another with one: its family is not known."""
    return not (known.family or known.configuration or known.listed)


def likeness(left: Profile, right: Profile) -> Reason:
    """Return how far two rules speak of the same problem, and why; ("", 0.0) where nothing says so."""
    if left.family and left.family == right.family and _shares(left, right):
        return ("rules of one family", SAME_FAMILY)
    if left.tool == right.tool and left.rule == right.rule:
        return ("same rule", SAME_FAMILY)
    if left.tool == right.tool and left.configuration and right.configuration:
        return NOTHING  # a tool's checks of configuration are told apart on purpose
    near = max((similarity(one, other) for one in left.cwes for other in right.cwes), default=0.0)
    if not near:
        return NOTHING
    if left.configuration or right.configuration:
        return ("same weakness, in configuration", WEAKNESS_OF_CONFIGURATION)
    if near == 1.0:
        return ("same weakness", SAME_WEAKNESS)
    if left.tool == right.tool:
        return NOTHING  # two rules of one tool with different weaknesses are two problems on purpose
    if near >= 0.8:
        return ("near weaknesses", NEAR_WEAKNESS)
    return ("sibling weaknesses", SIBLING_WEAKNESS)


def _shares(left: Profile, right: Profile) -> bool:
    """Tell whether a common family makes two rules one: not two checks of one tool of configuration."""
    if left.tool != right.tool or not (left.configuration and right.configuration):
        return True
    return left.rule == right.rule or left.family == _SECRET


def concern(left: Profile, right: Profile) -> bool:
    """Tell whether an import and a use of it may be one issue. Families of the table are told apart even where they share a CWE."""
    if left.listed and right.listed:
        return bool(left.family) and left.family == right.family
    return likeness(left, right)[1] >= NEAR_WEAKNESS


_PARTS = re.compile(r"[./:\s]+")


def scopes_agree(left: Sighting, right: Sighting) -> bool | None:
    """Tell whether two findings stand in one function or resource; None where the reports do not say.

    Tools write scopes in their own ways: the innermost name of one must be among the names of the other. How tools of
    configuration name resources differs too much for a difference to say anything.
    """
    if not left.scope or not right.scope:
        return None
    one, other = _PARTS.split(left.scope.strip("./ ")), _PARTS.split(right.scope.strip("./ "))
    if one[-1] in other or other[-1] in one:
        return True
    unsure = is_configuration(left.kind, left.path) or is_configuration(right.kind, right.path)
    return None if unsure else False


@lru_cache(maxsize=16384)
def _key(snippet: str) -> str:
    return code_key(snippet)


def agreement(left: Sighting, right: Sighting) -> list[Reason]:
    """Return what else agrees or disagrees between two findings of one file."""
    found: list[Reason] = []
    same = scopes_agree(left, right)
    if same is not None:
        found.append(("same scope", AGREES) if same else ("different scopes", DIFFERENT_SCOPES))
    if left.snippet and right.snippet and _key(left.snippet) == _key(right.snippet):
        found.append(("same code", AGREES))
    if left.line == right.line and left.column and left.column == right.column:
        found.append(("same column", AGREES))
    return found


def confidence(reasons: list[Reason]) -> float:
    """Return what the reasons add up to, at most 1."""
    return round(min(1.0, sum(weight for _, weight in reasons)), 3)
