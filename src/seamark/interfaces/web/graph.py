"""The graph explorer: a saved question, its answer as a list and as a drawing, and more of it on demand."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext
from msgspec.structs import replace

from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.question import ABOUT_A_THING, FARTHEST, OF_TODAY, QUESTIONS, Question
from seamark.core.errors import NotAllowed, NotFound
from seamark.insight.analytics.drawing import Picture, near, picture
from seamark.insight.analytics.questions import Reply, ask, moment
from seamark.interfaces.web.frame import visible
from seamark.store.access import Visible

PAGE: Final = 100
EXAMPLES: Final = {
    "blast": "log4j-core", "origins": "data_class:PII", "path": "SM-12", "exposure": "service:orders", "line": "SM-12", "order": "pkg:npm/lodash",
}  # fmt: skip


def show(request: HttpRequest) -> HttpResponse:
    """Show the saved questions, or the answer to one."""
    seen = visible(request)
    name = request.GET.get("question", "")
    if name and name not in QUESTIONS:
        raise Http404
    thing, to = (request.GET.get(field, "").replace("\0", "").strip()[:500] for field in ("thing", "to"))
    day = request.GET.get("at", "")
    context: dict[str, Any] = {
        "questions": [
            {"name": one, "asks": asks, "about": one in ABOUT_A_THING, "address": _address(Question(name=one)), "example": EXAMPLES.get(one, "")}
            for one, asks in QUESTIONS.items()
        ],
        "name": name, "thing": thing, "to": to, "at": day, "today_only": name in OF_TODAY, "about": name in ABOUT_A_THING,
        "example": EXAMPLES.get(name, ""), "asks": QUESTIONS.get(name, ""),
    }  # fmt: skip
    if name and (thing or name not in ABOUT_A_THING):
        try:
            asked = Question(
                name=name, thing=thing, to=to if name == "path" else "", at=_day(day) if name not in OF_TODAY else None,
                after=_whole(request.GET.get("after", "")), limit=PAGE,
            )  # fmt: skip
            context |= _answer(seen, asked)
        except (NotAllowed, NotFound) as error:
            context["error"] = str(error)
    return render(request, "web/graph/page.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NotAllowed(gettext("%(text)s is no day such as 2026-03-10") % {"text": repr(text[:40])}) from None


def _whole(text: str) -> int:
    return min(int(text), FARTHEST) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _address(asked: Question) -> str:
    values = {
        "question": asked.name,
        "thing": asked.thing,
        "to": asked.to,
        "at": asked.at.isoformat() if asked.at else "",
    }
    kept = {field: value for field, value in values.items() if value} | (
        {"after": str(asked.after)} if asked.after else {}
    )
    return f"{reverse('graph')}?{urlencode(kept)}"


def _answer(seen: Visible, asked: Question) -> dict[str, Any]:
    reply = ask(seen, asked)
    drawn = picture(reply, moment(asked.at))
    return {
        "reply": reply,
        "rows": _rows(reply),
        "picture": _drawn(seen, drawn) if drawn.dots else None,
        "left_out": drawn.left_out,
        "everything": seen.everything,
        "next": _address(replace(asked, after=reply.next)) if reply.next else "",
        "previous": _address(replace(asked, after=max(0, asked.after - asked.limit))) if asked.after else "",
    }


def _rows(reply: Reply) -> list[dict[str, Any]]:
    """Return the answer as rows: an asset, and what is said of it."""
    if reply.gaps:
        return [
            {
                "node": one.asset,
                "lead": gettext("nobody owns it")
                if one.missing == "owner"
                else gettext("no %(kind)s scan") % {"kind": one.missing},
                "why": one.why,
            }
            for one in reply.gaps
        ]
    if reply.orphans:
        return [{"node": one.asset, "lead": "", "why": one.why} for one in reply.orphans]
    if reply.steps:
        return [
            {
                "node": one.asset, "lead": gettext("turn %(number)s") % {"number": one.turn},
                "why": gettext("in a circle with others of its turn") if one.circle else gettext("after %(names)s") % {"names": ", ".join(one.waits_for[:5])} if one.waits_for else "",
            }
            for one in reply.steps
        ]  # fmt: skip
    hops = [None, *reply.hops] if reply.hops else [None] * len(reply.nodes)
    names = {node.id: node for node in reply.nodes}
    return [
        {
            "node": node,
            "lead": ngettext("%(number)s step", "%(number)s steps", node.depth) % {"number": node.depth}
            if not reply.hops and node.depth
            else "",
            "hop": hop and _said(hop, names),
        }
        for node, hop in zip(reply.nodes, hops, strict=False)
    ]


def _said(hop: Any, names: dict[int, Node]) -> str:
    where = f", {hop.at}" if hop.at else ""
    one, other = (
        f"{gettext(node.kind.replace('_', ' '))} {node.name}" for node in (names[hop.source], names[hop.target])
    )
    who = hop.origin or pgettext("who says so", "a report")
    return f"{one} {gettext(hop.kind.replace('_', ' '))} {other}" + gettext(", says %(name)s") % {"name": who} + where


def _drawn(seen: Visible, drawn: Picture) -> dict[str, Any]:
    """Return a drawing as the page's script takes it; only what has a page of its own has an address."""
    numbers = [dot.asset for dot in drawn.dots if dot.asset is not None]
    pages = set(seen.assets().filter(pk__in=numbers).values_list("id", flat=True))
    dots = [
        {**msgspec.structs.asdict(dot), "page": reverse("asset", args=[dot.asset]) if dot.asset in pages else ""}
        for dot in drawn.dots
    ]
    return {"dots": dots, "lines": [msgspec.structs.asdict(line) for line in drawn.lines], "left_out": drawn.left_out}


def expand(request: HttpRequest, number: int) -> HttpResponse:
    """Return what stands one step from an asset, for the drawing."""
    seen = visible(request)
    asset = get_object_or_404(seen.assets(), pk=number)
    try:
        at = moment(_day(request.GET.get("at", "")))
    except NotAllowed as error:
        raise Http404 from error
    drawn = _drawn(seen, near(seen, asset, at))
    return HttpResponse(msgspec.json.encode(drawn), content_type="application/json")
