"""The fields of a query over issues: how each is written, and what it means to the database."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from seamark.core.errors import InvalidQuery
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.severity import Severity
from seamark.store.models import Application, Asset, IssueClock, RuleEffect, User, VulnerabilityName
from seamark.store.models.issues import State
from seamark.store.query import waived
from seamark.store.query.at import at_asset
from seamark.store.query.folded import escaped
from seamark.store.query.language import Term
from seamark.store.query.layers import LAYERS, in_layer
from seamark.store.query.phrases import patterned

NEEDS_WORK = Q(open=True)
"""The condition of an open issue, as the partial indexes have it."""


@dataclass(frozen=True)
class Field:
    """A field of the query language. `choices` are offered for completion."""

    name: str
    sentence: str
    condition: Callable[[str], Q]
    choices: tuple[str, ...] = ()


def _word_to_number(name: str, words: dict[str, int]) -> Callable[[str], Q]:
    def condition(value: str) -> Q:
        sign, word = _comparison(value)
        if word.lower() not in words:
            raise InvalidQuery(f"{name} is one of {', '.join(words)}, not {word!r}")
        return Q(**{f"{name}{sign}": words[word.lower()]})

    return condition


_SIGNS = {">=": "__gte", "<=": "__lte", ">": "__gt", "<": "__lt"}


def _comparison(value: str) -> tuple[str, str]:
    for sign, lookup in _SIGNS.items():
        if value.startswith(sign):
            return lookup, value[len(sign) :]
    return "", value


MOST = 2**31 - 1
"""The largest number that a column of these takes."""


def _number(column: str, scale: int = 1) -> Callable[[str], Q]:
    def condition(value: str) -> Q:
        sign, text = _comparison(value)
        try:
            number = round(float(text) * scale)
            if abs(number) > MOST:
                raise ValueError
            return Q(**{f"{column}{sign}": number})
        except (ValueError, OverflowError):
            raise InvalidQuery(f"{column} takes a number, such as >=50, not {value!r}") from None

    return condition


def _priority(value: str) -> Q:
    sign, text = _comparison(value)
    text = text.lower().removeprefix("p")
    if text not in {"0", "1", "2", "3", "4"}:
        raise InvalidQuery(f"priority is one of P0, P1, P2, P3, P4, not {value!r}")
    return Q(**{f"priority{sign}": int(text)})


def _state(value: str) -> Q:
    word = value.lower().replace("_", " ").replace("-", " ")
    if word == "open":
        return NEEDS_WORK
    if word == "any":
        return Q()
    if word == "closed":
        return Q(state__in=_SETTLED, open=False)
    for state in State:
        if state.label == word:
            return Q(state=state, open=False) if state in _SETTLED else Q(state=state)
    raise InvalidQuery(f"state is one of {', '.join(_STATES)}, not {value!r}")


_SETTLED = (State.RESOLVED, State.DISMISSED)
_STATES = ("open", "confirmed", "in_progress", "resolved", "dismissed", "closed", "any")


def _flag(name: str, yes: Q) -> Callable[[str], Q]:
    def condition(value: str) -> Q:
        if value.lower() in {"true", "yes", "1"}:
            return yes
        if value.lower() in {"false", "no", "0"}:
            return ~yes
        raise InvalidQuery(f"{name} is true or false, not {value!r}")

    return condition


_AGE = re.compile(r"(\d{1,5})(h|d|w|m|y)$")
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}


def _age(value: str) -> Q:
    sign, text = _comparison(value)
    found = _AGE.match(text)
    if found is None or not sign:
        raise InvalidQuery(f"age takes a comparison such as >30d, <2w or >=1y, not {value!r}")
    moment = _moment(found, -1)
    turned = {"__gt": "__lt", "__gte": "__lte", "__lt": "__gt", "__lte": "__gte"}[sign]
    return Q(**{f"opened_at{turned}": moment})


def _moment(span: re.Match[str], direction: int) -> datetime:
    try:
        return timezone.now() + direction * int(span[1]) * _UNITS[span[2]]
    except OverflowError:
        raise InvalidQuery(f"{span[0]} is further away than the calendar reaches") from None


def _whole(text: str) -> int | None:
    """Return a number that fits a column, or None."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _app(value: str) -> Q:
    # Resolved first, so that the index on applications serves the list.
    named = Application.objects.filter(Q(slug__iexact=value) | Q(name__iexact=value))
    return Q(application__in=list(named.values_list("id", flat=True)))


def _assignee(value: str) -> Q:
    return Q(assignee__in=list(User.objects.filter(username__iexact=value).values_list("id", flat=True)))


def _tool(value: str) -> Q:
    return Q(reporters__contains=f"|{value.lower()}")


def _vulnerability(value: str) -> Q:
    # Resolved first, as applications are; and a group has many names, so that a join would list an issue once for each.
    return Q(
        vulnerability__in=list(VulnerabilityName.objects.filter(name__iexact=value).values_list("group", flat=True))
    )


def _cwe(value: str) -> Q:
    number = _whole(value.lower().removeprefix("cwe-"))
    if number is None:
        raise InvalidQuery(f"cwe takes a number, such as 89 or CWE-89, not {value!r}")
    return Q(cwe=number)


def _due(value: str) -> Q:
    if value.lower() == "overdue":
        return Q(due__lt=timezone.now().date(), open=True)
    found = _AGE.match(value.lstrip("<"))
    if found is None:
        raise InvalidQuery(f"due takes overdue or a span such as <7d, not {value!r}")
    return Q(due__lte=_moment(found, 1).date())


def _sla(value: str) -> Q:
    now = timezone.now()
    runs = IssueClock.objects.filter(issue=OuterRef("pk"), ended_at=None)
    match value.lower().replace("-", "_"):
        case "overdue":
            return Q(Exists(runs.filter(stopped_since=None, due_at__lt=now)))
        case "at_risk":
            return Q(Exists(runs.filter(stopped_since=None, risk_at__lte=now, due_at__gte=now)))
        case "stopped":
            return Q(Exists(runs.filter(stopped_since__isnull=False)))
        case "running":
            return Q(Exists(runs.filter(stopped_since=None)))
        case "none":
            return ~Q(Exists(runs))
    raise InvalidQuery(f"sla is one of {', '.join(_CLOCKS)}, not {value!r}")


_CLOCKS = ("overdue", "at_risk", "running", "stopped", "none")


def _dismissal(value: str) -> Q:
    match value.lower():
        case "unconfirmed":
            return Q(dismissal_unconfirmed=True, merged_into=None)
        case "confirmed":
            return Q(state=State.DISMISSED, dismissal_unconfirmed=False)
    raise InvalidQuery(f"dismissal is unconfirmed or confirmed, not {value!r}")


def _marked(prefix: str) -> Callable[[str], Q]:
    def condition(value: str) -> Q:
        marks = RuleEffect.objects.filter(issue=OuterRef("pk"), field=f"{prefix}{value.lower()}", held=False)
        return Q(Exists(marks))

    return condition


def _by_rule(value: str) -> Q:
    return Q(Exists(RuleEffect.objects.filter(issue=OuterRef("pk"), rule=value.lower(), held=False)))


def _path(value: str) -> Q:
    return patterned("place", "%".join([*(escaped(part) for part in value.split("*")), ""]))


def _fix(value: str) -> Q:
    number = _whole(value)
    if number is None:
        raise InvalidQuery(f"fix takes the number of a fix, not {value!r}")
    return Q(fix=number)


def _asset(value: str) -> Q:
    number = _whole(value)
    if number is None:
        raise InvalidQuery(f"asset takes the number of an asset, not {value!r}")
    asset = Asset.objects.filter(pk=number).first()
    return at_asset(asset) if asset is not None else Q(asset=number)


def _reference(value: str) -> Q:
    number = _whole(value.upper().removeprefix("SM-"))
    if number is None:
        raise InvalidQuery(f"id takes a reference such as SM-12, not {value!r}")
    return Q(pk=number)


def _waived(value: str) -> Q:
    return _flag("waived", waived.covered(timezone.now(), condition_of))(value)


def _waiver(value: str) -> Q:
    now = timezone.now()
    match value.lower():
        case "expiring":
            return waived.covered(now, condition_of, Q(expires_at__lte=now + EXPIRING))
        case "requested":
            return waived.requested(condition_of)
    number = _whole(value.upper().removeprefix("W-"))
    if number is None:
        raise InvalidQuery(f"waiver is expiring, requested or a reference such as W-12, not {value!r}")
    return waived.of_waiver(number, condition_of)


EXPIRING = timedelta(days=14)
"""A waiver that ends within this time is soon to be renewed or to be acted upon."""


FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field(
            "severity",
            "Worst severity that a tool gives",
            _word_to_number("severity", {s.word: s.value for s in reversed(Severity)}),
            tuple(s.word for s in reversed(Severity)),
        ),
        Field("priority", "P0 to P4", _priority, ("P0", "P1", "P2", "P3", "P4")),
        Field("risk", "Score from 0 to 100, such as >=70", _number("risk", 10)),
        Field("state", "Where the issue stands", _state, _STATES),
        Field(
            "kind",
            "Sort of problem",
            _word_to_number("kind", {k.value: n for k, n in KIND_CODES.items()}),
            tuple(k.value for k in Kind),
        ),
        Field("app", "Application, by name", _app),
        Field("tool", "A tool that reports it now", _tool),
        Field("vuln", "CVE, GHSA or another name", _vulnerability),
        Field("cwe", "Weakness", _cwe),
        Field("kev", "Known exploited", _flag("kev", Q(kev=True)), ("true", "false")),
        Field("fixable", "A fix is known", _flag("fixable", Q(fixable=True)), ("true", "false")),
        Field(
            "ai", "In code known to be AI-written, a lower bound", _flag("ai", Q(ai_written=True)), ("true", "false")
        ),
        Field("regression", "Was fixed before", _flag("regression", Q(regression=True)), ("true", "false")),
        Field("branch", "Seen on other branches only", _flag("branch", Q(branch_only=True)), ("true", "false")),
        Field("tools", "How many tools report it, such as >=2", _number("tools")),
        Field("age", "Since it was opened, such as >30d", _age),
        Field("due", "overdue, or a span such as <7d", _due, ("overdue",)),
        Field("sla", "How it stands to its agreement on service levels", _sla, _CLOCKS),
        Field("dismissal", "Whether a second person confirmed it", _dismissal, ("unconfirmed", "confirmed")),
        Field("tag", "A tag that a triage rule gave it", _marked("tag:")),
        Field("group", "A group that a triage rule put it in", _marked("group:")),
        Field("by_rule", "A triage rule that changed something about it", _by_rule),
        Field("owner", "Who answers for it", lambda value: Q(owner__folded=escaped(value))),
        Field("assignee", "Who works on it", _assignee),
        Field("component", "Package", lambda value: patterned("component", f"{escaped(value)}%")),
        Field("layer", "Where an image has the package: base image or own layer", in_layer, LAYERS),
        Field("rule", "Rule id", lambda value: patterned("rule", escaped(value))),
        Field("path", "Start of the place; * stands for anything", _path),
        Field("fix", "Number of the fix that clears it", _fix),
        Field("waived", "An approved waiver covers it now", _waived, ("true", "false")),
        Field("waiver", "expiring, requested, or one by its reference", _waiver, ("expiring", "requested")),
        Field("id", "Reference, such as SM-12", _reference),
        Field("asset", "Number of an asset that it is at", _asset),
    )
}

SORTS: dict[str, tuple[str, str]] = {
    "risk": ("risk", "Risk"),
    "age": ("opened_at", "Age"),
    "id": ("id", "Number"),
}
"""Sorts that an index serves: name to column and label."""


def text_condition(word: str) -> Q:
    """Return the condition for a word without a field."""
    if re.fullmatch(r"SM-\d{1,18}", word, re.IGNORECASE):
        return _reference(word)
    if re.fullmatch(r"(CVE-\d{4}-\d+|GHSA(-\w{4}){3})", word, re.IGNORECASE):
        return _vulnerability(word)
    inside = f"%{escaped(word)}%"
    return patterned("title", inside) | patterned("place", inside) | patterned("rule", inside)


def condition_of(term: Term) -> Q:
    """Return what a term means, without its negation. Raises `InvalidQuery` for unknown fields and values."""
    make: Callable[[str], Q]
    if not term.field:
        make = text_condition
    elif term.field in FIELDS:
        make = FIELDS[term.field].condition
    else:
        near = difflib.get_close_matches(term.field, FIELDS, n=1)
        meant = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(FIELDS)}"
        raise InvalidQuery(f"There is no field {term.field!r}{meant}")
    condition = Q()
    for value in term.values:
        alternative = make(value)
        if not alternative:
            return Q()
        condition |= alternative
    return condition
