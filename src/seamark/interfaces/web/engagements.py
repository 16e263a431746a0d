"""Penetration tests: the list, one engagement with what testers found, and the steps of each retest."""

from __future__ import annotations

from datetime import date
from typing import Any, BinaryIO, Final, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from seamark.core.errors import InvalidQuery, NotAllowed, NotFound
from seamark.interfaces.web.admin.frame import asked, listing, number, refusing, text
from seamark.interfaces.web.frame import person, visible
from seamark.pipeline.engagements import agreeing, proving, reading, reporting, retesting, rights
from seamark.store.access import READS
from seamark.store.evidence import report_bytes
from seamark.store.models import Engagement
from seamark.store.models.engagements import RetestState

MOST_SHOWN: Final = 300


def listed(request: HttpRequest) -> HttpResponse:
    """List engagements, the newest first."""
    seen = visible(request)
    state, application = asked(request, "state"), asked(request, "application")
    if state not in {"", *reading.STANDS}:
        raise Http404("There is no such state")
    rows = reading.listed(seen, application=application, state=state)
    kept = {"state": state, "application": application}
    try:
        found = listing(request, rows, reverse("engagements"), kept)
    except InvalidQuery as error:
        raise Http404 from error
    tallies = reading.counts(found["rows"])
    lines = [(one, reading.row(one, tallies[one.pk])) for one in found["rows"]]
    agrees = bool(agreeing.applications(person(request)))
    context = {**found, "lines": lines, "stands": reading.STANDS, "asked": kept, "agrees": agrees}
    return render(request, "web/engagements/list.html", context)


def make(request: HttpRequest) -> HttpResponse:
    """Agree on an engagement."""
    choices = agreeing.applications(person(request))
    if not choices:
        raise PermissionDenied
    chosen = next((one for one in choices if one.slug == request.POST.get("application")), None)
    if request.method == "POST" and chosen is not None:
        with refusing(request):
            row = agreeing.create(person(request), chosen, _terms(request))
            messages.success(request, _("%(reference)s is agreed. Add its testers.") % {"reference": row.reference})
            return redirect("engagement", number=row.pk)
    given = {name: text(request, name, agreeing.LONGEST) for name in ("name", "starts", "ends", "scope", "rules")}
    return render(request, "web/engagements/new.html", {"applications": choices, "given": given, "chosen": chosen})


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show an engagement with its findings; `state` limits them."""
    seen, row = visible(request), _named(request, number)
    state = asked(request, "state")
    if state not in {"", *RetestState.values}:
        raise Http404("There is no such state")
    told = reading.account(row)
    found = reading.findings(seen, row, state=state, most=MOST_SHOWN)
    manages = rights.manages(seen, row.application)
    context = {
        "row": row, "told": told, "found": found, "state": state, "states": RetestState.choices, "words": dict(RetestState.choices),
        "reads": seen.may(READS, row.application), "manages": manages, "reports": rights.reports(seen, row),
        "mends": rights.mends(seen, row), "retests": rights.retests(seen, row),
        "assets": agreeing.candidates(person(request), row.application) if manages else (),
        "named": set(row.assets.values_list("pk", flat=True)), "in_scope": _choices(row) if rights.reports(seen, row) else (),
        "more": max(told["findings"] - MOST_SHOWN, 0) if not state else 0,
    }  # fmt: skip
    return render(request, "web/engagements/page.html", context)


def change(request: HttpRequest, number: int) -> HttpResponse:
    """Change what was agreed, its testers, or whether it is closed."""
    row, actor = _named(request, number), person(request)
    with refusing(request):
        match request.POST.get("action", ""):
            case "terms":
                agreeing.edit(actor, row, _terms(request))
            case "close":
                agreeing.close(actor, row)
            case "reopen":
                agreeing.reopen(actor, row)
            case "add-tester":
                rights.check_manages(actor, row.application)
                agreeing.add_tester(actor, row, agreeing.person_named(text(request, "person")))
            case "remove-tester":
                rights.check_manages(actor, row.application)
                agreeing.remove_tester(actor, row, agreeing.person_named(text(request, "person")))
            case _:
                raise Http404("There is no such step")
        messages.success(request, _("Done."))
    return redirect("engagement", number=number)


def report(request: HttpRequest, number: int) -> HttpResponse:
    """Take in a tester's report."""
    row, file = _named(request, number), request.FILES.get("report")
    with refusing(request):
        if file is None:
            raise NotAllowed(_("Choose a report"))
        sending = reporting.Sending(asset=_number(request, "asset"), proved=bool(request.POST.get("proved")))
        outcome = reporting.take_stream(
            person(request), row, cast("BinaryIO", file.file), file.name or "report", sending
        )
        messages.success(request, _("%(number)s findings are in.") % {"number": outcome.findings})
    return redirect("engagement", number=number)


def step(request: HttpRequest, number: int, finding: int) -> HttpResponse:
    """Carry out a step of a finding: mended, taken back, tested again, what it proves."""
    row, actor = _named(request, number), person(request)
    try:
        one = reading.finding_of(row, finding)
    except NotFound as error:
        raise Http404 from error
    words, file = text(request, "words", retesting.MOST_WORDS), request.FILES.get("proof")
    with refusing(request):
        match request.POST.get("action", ""):
            case "ready":
                retesting.ready(actor, one, words)
            case "withdraw":
                retesting.withdraw(actor, one, words)
            case "passed" | "failed" as outcome:
                stream = cast("BinaryIO", file.file) if file is not None else None
                name = (file.name or "proof") if file is not None else ""
                retesting.judge(actor, one, passed=outcome == "passed", proof=words, file=stream, name=name)
            case "link" | "unlink" as act:
                issue = visible(request).issues().filter(pk=_issue_number(request)).first()
                if issue is None:
                    raise NotAllowed(_("There is no such issue that you may see"))
                (proving.link if act == "link" else proving.unlink)(actor, one, issue)
            case _:
                raise Http404("There is no such step")
        messages.success(request, _("Done."))
    return redirect(f"{reverse('engagement', args=[number])}#finding-{finding}")


def proof(request: HttpRequest, number: int, step: int) -> HttpResponseBase:
    """Download the proof of a retest; a browser never shows it."""
    try:
        found = reading.proof_of(_named(request, number), step).proof
    except NotFound as error:
        raise Http404 from error
    if found is None:
        raise Http404
    headers = {"Content-Disposition": "attachment; filename=proof", "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(report_bytes(found), content_type="application/octet-stream", headers=headers)


def _named(request: HttpRequest, number: int) -> Engagement:
    try:
        return reading.named(visible(request), number)
    except NotFound as error:
        raise Http404 from error


def _choices(row: Engagement) -> list[Any]:
    return list(reporting.in_scope(row).order_by("kind", "name")[:MOST_SHOWN])


def _number(request: HttpRequest, name: str) -> int | None:
    return number(text(request, name)) or None


def _issue_number(request: HttpRequest) -> int:
    return number(text(request, "issue").upper().removeprefix("SM-"))


def _terms(request: HttpRequest) -> agreeing.Terms:
    """Return what a form says. Raises `NotAllowed`."""
    until = text(request, "retest_until")
    return agreeing.Terms(
        name=text(request, "name"), starts=_day(text(request, "starts")), ends=_day(text(request, "ends")),
        retest_until=_day(until) if until else None, scope=text(request, "scope", agreeing.LONGEST + 1),
        rules=text(request, "rules", agreeing.LONGEST + 1), assets=tuple(number(one) for one in request.POST.getlist("asset")),
    )  # fmt: skip


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise NotAllowed(_("Choose a day")) from None
