"""Recognition: three lists of teams, and the choice to be in none."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from seamark.insight.analytics import recognition
from seamark.interfaces.web.admin.frame import asked, refusing, text
from seamark.interfaces.web.frame import person, visible
from seamark.store.access import READS

SPANS: Final = (30, 90, 365)


def show(request: HttpRequest) -> HttpResponse:
    """Show who is recognised."""
    seen = visible(request)
    if not seen.may_anywhere(READS):
        raise PermissionDenied
    given = asked(request, "days")
    days = int(given) if given in {str(one) for one in SPANS} else 90
    told = recognition.recognised(seen, timezone.now(), days)
    boards: list[tuple[str, str, Any, bool]] = [
        (_("Risk fixed"), _("of the risk that was fixed or is open, the share that was fixed"), told.fixed, True),
        (_("Agreements kept"), _("late and still open counts as missed"), told.kept, True),
        (_("Time to triage"), _("median hours until a person looked"), told.triage, False),
    ]
    out = recognition.out_teams()
    teams = [(name, name in out) for name in recognition.teams_of(seen)]
    context = {
        "boards": boards, "days": days, "spans": SPANS, "out": recognition.opted_out(person(request)), "teams": teams,
        "least_issues": recognition.LEAST_ISSUES, "least_teams": recognition.LEAST_TEAMS,
    }  # fmt: skip
    return render(request, "web/recognition/page.html", context)


def choose(request: HttpRequest) -> HttpResponse:
    """Opt out or in again, for oneself or for a team."""
    out, team = request.POST.get("choice") == "out", text(request, "team")
    with refusing(request):
        if team:
            recognition.choose_team(visible(request), person(request), team, out=out)
        else:
            recognition.choose(person(request), out=out)
        messages.success(request, _("Done."))
    return redirect("recognition")
