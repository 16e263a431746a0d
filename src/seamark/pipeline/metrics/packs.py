"""Packs for the board: made on demand for what somebody sees, and kept for each quarter that ended, over everything."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import structs

from seamark.insight.exports.board import Pack, pack_of
from seamark.insight.metrics.board import board
from seamark.insight.metrics.decisions import wanted
from seamark.insight.metrics.measures import Period
from seamark.insight.metrics.scope import Scope, recorded, scope
from seamark.insight.metrics.sentences import sentences
from seamark.store.access import Visible, everything
from seamark.store.models import BoardPack

TYPES: Final = {
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
"""What each form is called on the wire."""
POINTS: Final = 40


def pack_for(asked: Scope, *, baseline: bool = False, made: datetime | None = None) -> Pack:
    """Return what a pack says of a scope; `baseline` is the report for whoever begins."""
    title = _("Baseline of risk") if baseline else _("Security report")
    return pack_of(board(asked, points=POINTS), wanted(asked), (made or timezone.now()).astimezone(UTC), title=title)


def make_pack(asked: Scope, form: str, *, baseline: bool = False, made: datetime | None = None) -> bytes:
    """Return a pack as a file of one of `TYPES`."""
    pack = pack_for(asked, baseline=baseline, made=made)
    # The typesetter and the office writer take a while to load, and most processes never need them.
    if form == "pdf":
        from seamark.insight.exports.board_pdf import as_pdf

        return as_pdf(pack)
    from seamark.insight.exports.board_pptx import as_pptx

    return as_pptx(pack)


def keep_when_due(now: datetime | None = None) -> list[str]:
    """Make and keep the packs of the quarter that ended last, where facts are recorded and nobody has made them; return their forms."""
    at = now or timezone.now()
    latest = recorded()
    name = last_quarter(at)
    there = set(BoardPack.objects.filter(quarter=name).values_list("form", flat=True))
    asked = scope(everything(), at, span=name)
    # Facts of the whole quarter have to be there: those of its last day are written on the day after.
    if latest is None or latest.at < asked.period.end or len(there) == len(TYPES):
        return []
    found = []
    for form in sorted(TYPES.keys() - there):
        data = make_pack(asked, form, made=at)
        fields = {"data": data, "digest": hashlib.sha256(data).hexdigest(), "made_at": at}
        BoardPack.objects.get_or_create(quarter=name, form=form, defaults=fields)
        found.append(form)
    return found


def last_quarter(at: datetime) -> str:
    """Return the name of the quarter that ended last."""
    number = at.year * 4 + (at.month - 1) // 3 - 1
    return f"{number // 4}-Q{number % 4 + 1}"


def kept_packs(seen: Visible, quarter: str = "") -> list[BoardPack]:
    """Return the packs that are kept, of a quarter where one is named, newest first, without their bytes.

    They tell of everything, and so only to who sees everything.
    """
    if not seen.everything:
        return []
    rows = BoardPack.objects.defer("data")
    return list((rows.filter(quarter=quarter) if quarter else rows).order_by("-quarter", "form")[:16])


def kept_pack(seen: Visible, quarter: str, form: str) -> bytes | None:
    """Return a kept pack; None where there is none, or the person does not see everything."""
    row = BoardPack.objects.filter(quarter=quarter, form=form).first() if seen.everything else None
    return bytes(row.data) if row is not None else None


def weekly(asked: Scope) -> tuple[str, str]:
    """Return subject and text of the numbers of the seven days that end with a scope's period: the three sentences, what is to be decided, what moved."""
    end = asked.period.end
    first = datetime.combine((end - timedelta(seconds=1)).date(), time(), UTC) - timedelta(days=6)
    one = board(structs.replace(asked, period=Period(start=first, end=end)))
    lines = [*sentences(one), ""]
    decisions = [each for each in wanted(asked) if each.count.number]
    if decisions:
        lines += [_("Decisions wanted:"), *(f"- {each.words}: {each.count}" for each in decisions), ""]
    if one.movers:
        lines += [_("What moved most:"), *(f"- {each.name}: {each.change / 10:+,.0f}" for each in one.movers)]
    return _("Security in the week until %(day)s") % {"day": f"{asked.period.end:%Y-%m-%d}"}, "\n".join(lines).strip()


def quarterly(asked: Scope) -> tuple[str, str]:
    """Return subject and text of the message that the pack of a scope's quarter is there: the three sentences, and where it is."""
    lines = [*sentences(board(asked)), ""]
    if asked.whole:
        lines.append(_("The pack is kept as PDF and PPTX: take it from the page."))
    else:
        lines.append(_("The page makes the pack of what you see, as PDF or PPTX."))
    return _("Security report of %(quarter)s") % {"quarter": asked.span}, "\n".join(lines)
