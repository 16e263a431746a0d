"""How values are written for people. Everything that a report may have written leaves here escaped."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from seamark.core.kind import KINDS_BY_CODE
from seamark.core.severity import Severity
from seamark.interfaces.web.counts import Counts
from seamark.interfaces.web.values import known_words
from seamark.pipeline.imports import progress_of
from seamark.store.models import Import, Issue
from seamark.store.models.issues import State

register = template.Library()

MINUS = "\N{MINUS SIGN}"
_DAY = 86_400
_STEPS = (
    (45 * 60, 60, _("%(number)s min"), _("%(number)s min ago")),
    (22 * 3600, 3600, _("%(number)s h"), _("%(number)s h ago")),
    (30 * _DAY, _DAY, _("%(number)s d"), _("%(number)s d ago")),
    (365 * _DAY, 30 * _DAY, _("%(number)s mo"), _("%(number)s mo ago")),
)


@register.filter
def translated(words: object) -> str:
    """Write words of another module in the language of the page; `web.words` lists those that have a translation."""
    text = str(words)
    return gettext(text) if text else ""


@register.filter
def ago(moment: datetime | None) -> str | SafeString:
    """Write how long ago a moment was, with the moment itself for machines and as a hint."""
    if moment is None:
        return gettext("never")
    exact = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        exact.isoformat(timespec="seconds"),
        date_format(exact, "d M Y H:i T"),
        span(moment, ago=True),
    )


@register.filter
def age(moment: datetime) -> SafeString:
    """Write how old something is, without "ago"."""
    exact = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        exact.isoformat(timespec="seconds"),
        gettext("since %(day)s") % {"day": date_format(exact, "d M Y")},
        span(moment),
    )


def span(moment: datetime, *, ago: bool = False) -> str:
    """Return the time since a moment in its largest useful unit: `3 d ago`, `just now`."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 0:
        return date_format(timezone.localtime(moment), "d M Y")
    if seconds < 45:
        return gettext("just now") if ago else pgettext("age", "new")
    for limit, unit, plain, since in _STEPS:
        if seconds < limit:
            return str(since if ago else plain) % {"number": max(1, round(seconds / unit))}
    years = {"number": f"{seconds / (365 * _DAY):.1f}"}
    return (gettext("%(number)s y ago") if ago else gettext("%(number)s y")) % years


@register.filter
def due_class(due: date) -> str:
    """Return the class of a due date: over, within a week, later."""
    days = (due - timezone.localdate()).days
    return "bad" if days < 0 else "p1" if days <= 7 else ""


@register.filter
def due_words(due: date) -> str:
    """Write a due date as people say it."""
    days = (due - timezone.localdate()).days
    if days < 0:
        return gettext("%(days)s d over") % {"days": -days}
    return pgettext("due", "today") if days == 0 else gettext("%(days)s d left") % {"days": days}


@register.filter
def points(tenths: int) -> str:
    """Write a score: tenths, rounded to whole points."""
    return str((tenths + 5) // 10)


@register.filter
def signed(tenths: int) -> str:
    """Write points of a receipt with their sign and tenth."""
    return f"{MINUS if tenths < 0 else '+'}{abs(tenths) / 10:.1f}"


@register.filter
def weighed(weight: float) -> str:
    """Write the weight of a reason with its sign."""
    return f"{MINUS if weight < 0 else '+'}{abs(weight):.2f}"


@register.filter
def decimal(tenths: int) -> str:
    """Write tenths with one place."""
    return f"{tenths / 10:.1f}"


@register.filter
def severity(number: int) -> str:
    """Write a severity's word."""
    return Severity(number).word


@register.filter
def kind(number: int) -> str:
    """Write a kind's word."""
    return KINDS_BY_CODE[number].value if number in KINDS_BY_CODE else "other"


@register.filter
def state_class(state: int) -> str:
    """Return the class of a state's chip."""
    return {State.CONFIRMED: "accent", State.IN_PROGRESS: "accent", State.RESOLVED: "good"}.get(State(state), "")


@register.filter
def lead(reason: str) -> SafeString:
    """Emphasise the most telling fact: what stands before the first comma or semicolon."""
    found = re.match(r"([^,;]*)([,;].*)?$", reason, re.DOTALL)
    first, rest = (found[1], found[2] or "") if found else (reason, "")
    return format_html("<em>{}</em>{}", first, rest)


@register.filter
def web_address(text: str) -> str:
    """Return an address that may become a link, or nothing: only http and https to a named host."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return ""
    return text.strip() if parts.scheme in {"http", "https"} and parts.hostname else ""


@register.filter
def titled(issue: Issue) -> str:
    """Return an issue's title, or its rule where a tool gave none."""
    return issue.title or issue.rule or gettext("Untitled")


@register.filter
def size(number: int) -> str:
    """Write a number of bytes."""
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


@register.simple_tag(takes_context=True)
def counts(context: dict[str, Any]) -> Counts:
    """Return the numbers beside the navigation, counted once a request."""
    request: HttpRequest = context["request"]
    return Counts.of(request)


@register.filter
def issue_number(reference: str) -> int | None:
    """Return the number of a reference such as `SM-12`, None for what is none."""
    found = re.fullmatch(r"SM-([0-9]{1,18})", reference)
    return int(found[1]) if found else None


@register.filter
def words(name: str) -> str:
    """Write an internal name in words: `false_positive` as "false positive"."""
    return name.replace("_", " ")


@register.filter
def known(value: Any) -> str:
    """Write the value of a fact, cut where it is very long."""
    return known_words(value, 2_000)


@register.filter
def read_so_far(one: Import) -> str:
    """Write how many findings of a running import have been read."""
    return f"{progress_of(one):,}"
