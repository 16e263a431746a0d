"""Three sentences that say what happened, written from the numbers; and how numbers are written."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from seamark.insight.metrics.board import Board
from seamark.insight.metrics.definitions import Definition


def told(value: float | None, about: Definition, currency: str = "") -> str:
    """Return a measure's number with its unit; a hyphen where it is not known."""
    if value is None:
        return "-"
    if about.unit == "share":
        return _("%(number)s %%") % {"number": _number(100 * value, 1 if 0 < value < 1 else 0)}
    if about.unit in {"days", "hours"}:
        word = _("days") if about.unit == "days" else _("hours")
        return f"{_number(value, 1)} {word}"
    if about.unit == "money":
        return f"{_number(value, 0)} {currency}".strip()
    return _number(value, 0 if about.unit in {"issues", "waivers", "points"} else 1)


def _many(number: int) -> str:
    return _number(number, 0)


def _number(value: float, places: int) -> str:
    """Return a rounded number in the words of the language: Django itself cuts what is too long."""
    return number_format(f"{value:.{places}f}", places, force_grouping=True)


def sentences(one: Board) -> list[str]:
    """Return what happened in the period: how the open risk went, what was done, what presses."""
    return [_risk(one), _work(one), _pressing(one)]


def _risk(one: Board) -> str:
    now, before = one.now.risk, one.before.risk
    issues = _many(one.now.counts["open"])
    if not one.now.counts["open"] and not before:
        return _("Nothing is open, and nothing was when the period began.")
    if not before:
        return _("%(issues)s issues are open with a risk of %(risk)s points; before the period there was none.") % {
            "issues": issues, "risk": _many(round(now / 10)),
        }  # fmt: skip
    share = 100 * (now - before) / before
    words = {"share": _number(abs(share), 1), "now": _many(round(now / 10)), "issues": issues}
    if abs(share) < 0.05:
        return _("Open risk stayed at %(now)s points, in %(issues)s issues.") % words
    if share < 0:
        text = _("Open risk fell by %(share)s %% to %(now)s points, in %(issues)s issues")
    else:
        text = _("Open risk rose by %(share)s %% to %(now)s points, in %(issues)s issues")
    said = text % words
    if not one.movers:
        return f"{said}."
    mover = max(one.movers, key=lambda each: each.change * (1 if share > 0 else -1))
    if (mover.change > 0) != (share > 0):
        return f"{said}."
    return f"{said}; {_('most of it in %(name)s') % {'name': mover.name}}."


def _work(one: Board) -> str:
    counts = one.now.counts
    words = {"arrived": _many(counts["arrived"]), "burned": _many(counts["burned"]), "fixed": _many(counts["fixed"])}
    said = _("%(arrived)s issues arrived and %(burned)s were closed, %(fixed)s of them fixed") % words
    now, before = one.now.half_life, one.before.half_life
    if now is None:
        return f"{said}; {_('less than half of what was ever open has been fixed')}."
    if before is None or round(now, 1) == round(before, 1):
        return f"{said}; {_('half of all issues are fixed within %(days)s days') % {'days': _number(now, 1)}}."
    way = _("half of all issues are fixed within %(days)s days, after %(before)s in the period before")
    return f"{said}; {way % {'days': _number(now, 1), 'before': _number(before, 1)}}."


def _pressing(one: Board) -> str:
    overdue, urgent = one.now.counts["overdue"], one.now.counts["urgent"]
    parts = [
        ngettext("%(number)s issue is overdue", "%(number)s issues are overdue", overdue) % {"number": _many(overdue)},
        ngettext("%(number)s of P0 or P1 is open", "%(number)s of P0 or P1 are open", urgent)
        % {"number": _many(urgent)},
    ]
    if one.now.sla is not None:
        parts.append(
            _("%(share)s %% of service levels were kept")
            % {"share": _number(100 * one.now.sla, 1 if 0 < one.now.sla < 1 else 0)}
        )
    return f"{', '.join(parts)}."
