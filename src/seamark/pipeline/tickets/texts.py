"""The words of tickets. Templates know a few variables and nothing else: no expressions, no attributes, no code. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from seamark.core.errors import NotAllowed
from seamark.insight.exports.gate.markdown import plain as escaped

VARIABLES: Final[dict[str, str]] = {
    "title": "What is to be done, such as `Upgrade lodash to 4.17.20`",
    "application": "The application's name",
    "asset": "The repository, image or resource that is to be changed",
    "team": "Who owns the issues; empty where nobody does",
    "priority": "Of the most urgent issue: `P0` to `P4`",
    "severity": "Of the worst issue: `critical` …",
    "risk": "Of the riskiest issue, 0 to 100",
    "count": "How many issues it clears",
    "issues": "The riskiest of them, a line each",
    "due": "The day by which it is due; empty for none",
    "target": "The version to move to; empty where none is named",
    "kind": "The sort of change: `upgrade`, `base image` …",
    "places": "Where that is: the applications with what was scanned in them, a line each; empty where there is one place, `asset`",
    "knowledge": "The way to the articles on the weaknesses behind it, three at most",
    "hours": "The way to the office hours, where the installation names any",
    "why": "Why the ticket was opened, where a policy or rule asked for it",
    "url": "Where it stands in Seamark",
}
"""The variables of templates, with what each stands for."""
TITLE: Final = "[{{priority}}] {{title}} ({{application}})"
TEXT: Final = """**{{title}}** clears {{count}} in {{application}}.

- Where: {{asset}}
- Most urgent: {{priority}}, severity {{severity}}, risk {{risk}}
- Due: {{due}}
- Owner: {{team}}

{{places}}

{{issues}}

{{knowledge}}

{{why}}

{{url}}

{{hours}}
"""
LONGEST: Final = 20_000
MOST_TITLE: Final = 250
_VARIABLE: Final = re.compile(r"\{\{\s*([a-z_]{1,30})\s*\}\}")
_BROKEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def check(template: str) -> None:
    """Refuse a template that cannot be filled. Raises `NotAllowed` with what is wrong."""
    if len(template) > LONGEST:
        raise NotAllowed(f"A template has at most {LONGEST:,} characters")
    unknown = next((name for name in _VARIABLE.findall(template) if name not in VARIABLES), None)
    if unknown is not None:
        raise NotAllowed(f"Templates know no variable {unknown!r}; there are {', '.join(VARIABLES)}")
    rest = _VARIABLE.sub("", template)
    if "{{" in rest or "}}" in rest:
        raise NotAllowed("Write variables as {{title}}, and nothing else between the braces")


def used(template: Any) -> frozenset[str]:
    """Return the variables that a template, or the texts of a tree of fields, name."""
    if isinstance(template, str):
        return frozenset(_VARIABLE.findall(template))
    inner = template.values() if isinstance(template, dict) else template if isinstance(template, list) else ()
    return frozenset[str]().union(*(used(one) for one in inner))


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its variables replaced, once: what a value holds is never looked at again."""
    return _VARIABLE.sub(lambda found: values.get(found[1], ""), template)


def one_line(text: str, most: int = 300) -> str:
    """Return foreign text as one line without what controls a terminal or turns the direction of writing."""
    line = " ".join(_BROKEN.sub(" ", text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def plain(text: str, most: int = 300) -> str:
    """Return foreign text as CommonMark that shows it as it is."""
    return escaped(one_line(text, most), most)


def counted(number: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
