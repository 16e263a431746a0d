"""Compliance: frameworks, controls, checks, gaps and evidence; every number leads to exactly its list."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from seamark.core.errors import NotFound, SeamarkError
from seamark.governance.access.places import EVERYWHERE, Place, holds
from seamark.governance.access.reading import manages, place
from seamark.governance.compliance.framework import LARGEST
from seamark.governance.compliance.kept import retire, upload
from seamark.governance.compliance.outcome import Outcome
from seamark.governance.compliance.words import needs
from seamark.interfaces.web.admin.frame import asked, fresh_forms, number, refusing, text
from seamark.interfaces.web.frame import go_back, person, visible
from seamark.pipeline.compliance import auditing, evidence, gaps, records, snapshots, standing
from seamark.pipeline.compliance.scope import Scope, scope_of
from seamark.pipeline.compliance.shapes import ControlStanding, FrameworkShare
from seamark.store.access import READS, Visible
from seamark.store.permissions import Permission

MOST: Final = 500
"""Rows of one list."""
OUTCOMES: Final = tuple(one.value for one in Outcome)


class About(NamedTuple):
    """What a page is about: a scope, with the part of addresses that keeps it."""

    scope: Scope
    application: str
    unit: str
    query: str
    """`application=shop`, or empty."""

    @property
    def more(self) -> str:
        """Return it for the end of an address that has no query yet."""
        return f"?{self.query}" if self.query else ""


def shares(request: HttpRequest) -> HttpResponse:
    """Show all frameworks with their controls by outcome."""
    seen, about = _seen(request), _about(request)
    found = standing.framework_shares(seen, about.scope)
    lines = [(one, _numbers(one, about)) for one in found]
    context = {"lines": lines, "outcomes": OUTCOMES, "brings": seen.may(Permission.POLICY_EDIT)}
    return _page(request, "frameworks", about, context)


def framework(request: HttpRequest, name: str) -> HttpResponse:
    """Show a framework: its controls by family, all or those of an outcome."""
    seen, about = _seen(request), _about(request)
    found = _there(lambda: standing.framework_standing(seen, name, about.scope))
    wanted = asked(request, "outcome")
    if wanted not in {"", *OUTCOMES}:
        raise Http404
    shown = [one for one in found.controls if wanted in {"", one.outcome}]
    families: dict[tuple[str, str], list[ControlStanding]] = {}
    for one in shown:
        families.setdefault((one.family, one.family_title), []).append(one)
    here = reverse("compliance-framework", args=[name])
    counts = [(word, count, f"{here}?{_query(about, outcome=word)}") for word, count in found.counts.items()]
    own = next((one.own for one in standing.framework_shares(seen, about.scope) if one.name == name), False)
    context = {
        "found": found, "families": families, "wanted": wanted, "counts": counts, "total": len(shown), "here": here,
        "retires": own and seen.may(Permission.POLICY_EDIT),
    }  # fmt: skip
    return _page(request, "framework", about, context)


def control(request: HttpRequest, name: str, control: str) -> HttpResponse:
    """Show a control: its checks with their facts, evidence, gaps and counterparts; take evidence for it."""
    seen, about = _seen(request), _about(request)
    found = _there(lambda: standing.control_standing(seen, name, control, about.scope))
    gives = holds(seen, Permission.CONTEXT_EDIT, _place(about.scope))
    if request.method == "POST":
        with refusing(request):
            row = _give(request, about.scope, f"{name}/{control}")
            messages.success(request, _("%(evidence)s is kept.") % {"evidence": row.reference})
        return redirect(request.get_full_path())
    like = [(one, *one.split("/", 1)) for one in found.crosswalk]
    framework_title = standing.framework_standing(seen, name, about.scope).title
    context = {
        "found": found, "like": like, "gives": gives, "framework_title": framework_title, "largest": evidence.LARGEST // 1_000_000,
        "gaps": _assignable(seen, found.gaps),
    }  # fmt: skip
    return _page(request, "control", about, context)


def check_list(request: HttpRequest) -> HttpResponse:
    """Show all checks with what they come to, all or those of an outcome."""
    seen, about = _seen(request), _about(request)
    wanted = asked(request, "outcome")
    if wanted not in {"", *OUTCOMES}:
        raise Http404
    found = [one for one in standing.check_results(seen, about.scope).values() if wanted in {"", one.outcome}]
    return _page(request, "checks", about, {"found": found, "wanted": wanted, "outcomes": OUTCOMES[:-1]})


def check(request: HttpRequest, name: str) -> HttpResponse:
    """Show a check: what it asks, what it comes to, and what it came to before."""
    seen, about = _seen(request), _about(request)
    _there(lambda: records.find(name))
    mine = [one for one in standing.gaps(seen, about.scope, names=[name]) if one.check == name]
    context = {
        "found": standing.check_results(seen, about.scope, names=[name])[name],
        "history": standing.history(seen, name, about.scope),
        "gaps": _assignable(seen, mine),
    }
    return _page(request, "check", about, context)


def record_list(request: HttpRequest, name: str) -> HttpResponse:
    """Show the records behind a check's number, as they answer now."""
    seen, about = _seen(request), _about(request)
    wanted = asked(request, "answer")
    found = _there(lambda: records.records(seen, name, about.scope, wanted))
    context = {
        "check": records.find(name),
        "found": found[:MOST],
        "total": len(found),
        "wanted": wanted,
        "answers": records.ANSWERS,
    }
    return _page(request, "records", about, context)


def gap_list(request: HttpRequest) -> HttpResponse:
    """Show what somebody has to do, the first due first."""
    seen, about = _seen(request), _about(request)
    found = standing.gaps(seen, about.scope)
    mine = asked(request, "owner")
    if mine:
        found = [one for one in found if one.owner == mine]
    context = {"gaps": _assignable(seen, found[:MOST]), "total": len(found), "owner": mine}
    return _page(request, "gaps", about, context)


def assign(request: HttpRequest, number: int) -> HttpResponse:
    """Say who closes a gap until when."""
    row = _there(lambda: gaps.find(_seen(request), number))
    with refusing(request):
        owner = gaps.person_named(text(request, "owner"))
        gaps.assign(
            person(request), row, owner=owner, due=_day(text(request, "due")), note=text(request, "note", gaps.LONGEST)
        )
        messages.success(request, _("%(gap)s is assigned.") % {"gap": row.reference})
    return go_back(request, "compliance-gaps")


def evidence_list(request: HttpRequest) -> HttpResponse:
    """Show evidence, newest first; freeze a snapshot, or take what somebody gives."""
    seen, about = _seen(request), _about(request)
    if request.method == "POST":
        with refusing(request):
            if text(request, "action") == "give":
                row = _give(request, about.scope)
            else:
                row = snapshots.take(person(request), text(request, "name"), about.scope)
            messages.success(request, _("%(evidence)s is kept.") % {"evidence": row.reference})
        return redirect(request.get_full_path())
    rows = evidence.listed(seen, about.scope)
    numbers = list(rows.values_list("pk", flat=True)[:MOST])
    found = standing.evidence_items(seen, rows.filter(pk__in=numbers).order_by(), timezone.now())
    context = {
        "items": [found[one] for one in numbers], "total": rows.count(), "snapshots": snapshots.QUESTIONS, "needs": needs(),
        "gives": holds(seen, Permission.CONTEXT_EDIT, _place(about.scope)), "largest": evidence.LARGEST // 1_000_000,
    }  # fmt: skip
    return _page(request, "evidence", about, context)


def content(request: HttpRequest, number: int) -> HttpResponse:
    """Hand out evidence as it was frozen, and write down that it was read."""
    row, found = _there(lambda: evidence.content_for(_seen(request), person(request), number))
    name = evidence.safe_name(row.filename or f"{row.reference}.txt")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(found, content_type="application/octet-stream", headers=headers)


def bring(request: HttpRequest) -> HttpResponse:
    """Take over a framework of one's own, or take one out of use."""
    seen = _seen(request)
    if not seen.may(Permission.POLICY_EDIT):
        raise Http404
    written = text(request, "text", LARGEST) if request.method == "POST" else ""
    if request.method == "POST":
        with refusing(request):
            if text(request, "action") == "retire":
                retire(person(request), text(request, "name"))
                messages.success(request, _("The framework is out of use."))
                return redirect("compliance")
            row = upload(person(request), written)
            messages.success(
                request, _("%(name)s, version %(version)s, is in force.") % {"name": row.name, "version": row.version}
            )
            return redirect("compliance-framework", name=row.name)
    return _page(request, "bring", _about(request), {"written": written})


@fresh_forms
def auditors(request: HttpRequest) -> HttpResponse:
    """Show who may read as an auditor until when, and what was read; let somebody in, or end it."""
    seen = _seen(request)
    try:
        rows = auditing.listed(seen)
    except SeamarkError:
        raise Http404 from None
    if request.method == "POST":
        with refusing(request):
            if text(request, "action") == "end":
                auditing.end(person(request), auditing.find(seen, number(text(request, "number"))))
                messages.success(request, _("The access has ended."))
            else:
                _let_in(request, seen)
        return redirect("compliance-auditors")
    context = {
        "rows": rows[:MOST], "reads": auditing.reads(seen)[:MOST], "lets": manages(seen), "longest": auditing.LONGEST, "now": timezone.now(),
    }  # fmt: skip
    return _page(request, "auditors", _about(request), context)


def _let_in(request: HttpRequest, seen: Visible) -> None:
    auditor = gaps.person_named(text(request, "person"))
    if auditor is None:
        raise NotFound(_("Say who is to read."))
    where = place(seen, text(request, "unit"), text(request, "application"))
    row = auditing.give(
        person(request), auditor, where, days=number(text(request, "days")), reason=text(request, "reason")
    )
    messages.success(
        request, _("%(name)s may read on %(place)s.") % {"name": auditor.get_username(), "place": row.place}
    )


def _give(request: HttpRequest, scope: Scope, control: str = "") -> Any:
    """Keep a file or a link that a form brings."""
    uses = evidence.uses_from([control]) if control else evidence.uses_of_need(text(request, "need"))
    renew, owner = _day(text(request, "renew_by")), gaps.person_named(text(request, "owner"))
    file = request.FILES.get("file")
    if file is not None:
        given = file.read(evidence.LARGEST + 1)
        return evidence.add_file(
            person(request), text(request, "title"), given, file.name or "", uses, scope=scope, renew_by=renew, owner=owner
        )  # fmt: skip
    return evidence.add_link(
        person(request),
        text(request, "title"),
        text(request, "link", 2_000),
        uses,
        scope=scope,
        renew_by=renew,
        owner=owner,
    )


def _seen(request: HttpRequest) -> Visible:
    """Return what the person may see; for those who see nothing there is no such page."""
    seen = visible(request)
    if not seen.may_anywhere(READS):
        raise Http404
    return seen


def _about(request: HttpRequest) -> About:
    application, unit = asked(request, "application"), asked(request, "unit")
    scope = _there(lambda: scope_of(visible(request), application=application, unit=unit))
    query = urlencode({name: value for name, value in (("application", application), ("unit", unit)) if value})
    return About(scope, application, unit, query)


def _query(about: About, **more: str) -> str:
    kept = {"application": about.application, "unit": about.unit, **more}
    return urlencode({name: value for name, value in kept.items() if value})


def _numbers(one: FrameworkShare, about: About) -> list[tuple[str, int, str]]:
    here = reverse("compliance-framework", args=[one.name])
    return [(word, count, f"{here}?{_query(about, outcome=word)}") for word, count in one.counts.items()]


def _place(scope: Scope) -> Place:
    return Place(scope.unit, scope.application) if not scope.whole else EVERYWHERE


def _assignable(seen: Visible, found: Any) -> list[tuple[Any, bool]]:
    """Return gaps, each with whether the person may assign it."""
    whole = seen.may(Permission.CONTEXT_EDIT)
    held = set() if whole else set(seen.applications(Permission.CONTEXT_EDIT).values_list("slug", flat=True))
    return [(one, whole or one.application in held) for one in found]


def _there(find: Any) -> Any:
    try:
        return find()
    except NotFound:
        raise Http404 from None


def _day(words: str) -> Any:
    try:
        return parse_date(words) if words else None
    except ValueError:
        return None


def _page(request: HttpRequest, name: str, about: About, context: dict[str, Any]) -> HttpResponse:
    seen = visible(request)
    rows = seen.applications().order_by("name")
    units = sorted(set(rows.exclude(unit=None).values_list("unit__name", flat=True)))
    return render(
        request,
        f"web/compliance/{name}.html",
        {
            **context, "about": about, "choices": rows.values_list("slug", "name")[:MOST], "units": units, "page": name,
            "audits": seen.may(Permission.USER_MANAGE) or seen.may(Permission.LEDGER_READ),
        },
    )  # fmt: skip
