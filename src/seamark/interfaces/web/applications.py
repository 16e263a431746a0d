"""Applications: how each stands, and one in full."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from django.contrib import messages
from django.db.models import Count as Counted
from django.db.models import Max, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from seamark.analysis.graph.estate import coverage
from seamark.core.errors import NotAllowed
from seamark.core.severity import Severity
from seamark.governance.triage import context as facts
from seamark.insight.analytics.estate import answers, last_built
from seamark.insight.analytics.fixes import Worth, ranking, worths
from seamark.insight.analytics.inventory import data_of
from seamark.insight.analytics.riskiest import riskiest
from seamark.insight.analytics.trend import DAYS, Trend, trend_of
from seamark.interfaces.web.assets import of_application
from seamark.interfaces.web.counts import Counts
from seamark.interfaces.web.frame import person, visible
from seamark.interfaces.web.issues import address
from seamark.pipeline.scoring import reason_of, rescore
from seamark.store.access import Visible
from seamark.store.models import Application, Issue, Scan
from seamark.store.models.inventory import Criticality
from seamark.store.query import NEEDS_WORK, Count, Hits, Query, Term, hits

MOST = 500
USUAL_CLASSES = ("PII", "PHI", "PCI", "SECRETS")
MOST_TOP, MOST_SCANS, MOST_FIXES, MOST_GAPS = 8, 50, 5, 12
WIDTH, HEIGHT = 600, 90
"""Of the drawing of a trend, in its own units."""
ROW_EVERY = 5
"""Points of a trend between two rows of its table."""
_NAMES = ("sla_tier", "environment")
"""Facts that are a name; a form that does not have them leaves them alone."""


@dataclass
class Standing:
    """An application with its open issues by priority."""

    application: Application
    issues: list[int] = field(default_factory=lambda: [0] * 5)
    total: int = 0
    risk: int = 0
    riskiest: int = 0
    top: Issue | None = None
    """The riskiest of them."""
    reason: str = ""
    """Why that stands where it does."""

    @property
    def cells(self) -> list[dict[str, object]]:
        """Return for each priority the number and the list of its issues."""
        return [
            {
                "priority": number,
                "count": Count(count, more=sum(self.issues) < self.total),
                "address": address(_query(self.application).having("priority", f"P{number}")),
            }
            for number, count in enumerate(self.issues)
        ]

    @property
    def bands(self) -> list[dict[str, int]]:
        """Return the share of each priority as a stretch of a bar of 1000."""
        found, at = [], 0
        for number, count in enumerate(self.issues):
            width = round(1000 * count / max(1, sum(self.issues)))
            found.append({"priority": number, "start": at, "width": width})
            at += width
        return found

    @property
    def address(self) -> str:
        """Return the list of its issues."""
        return address(_query(self.application))


def _query(application: Application) -> Query:
    return Query((Term("app", (application.slug,)),))


def _standings(applications: list[Application], opened: QuerySet[Issue], listed: Hits) -> list[Standing]:
    """Return how applications stand, from their open issues and the riskiest of them."""
    standings = {one.pk: Standing(one) for one in applications}
    # An index holds all that this needs.
    sums = (
        opened.order_by()
        .values("application")
        .annotate(number=Counted("pk"), removed=Sum("risk"), riskiest=Max("risk"))
    )
    for group in sums:
        if (standing := standings.get(group["application"])) is not None:
            standing.total, standing.risk, standing.riskiest = group["number"], group["removed"], group["riskiest"]
    # Priorities are counted among the riskiest only, as in the list's facets: the most urgent are all among them.
    cells = Counter(zip(listed.column("application_id"), listed.column("priority"), strict=True))
    for (number, priority), count in cells.items():
        if (standing := standings.get(number)) is not None:
            standing.issues[priority] = count
    return sorted(standings.values(), key=lambda one: (-one.riskiest, -one.risk, one.application.name.lower()))


def listed(request: HttpRequest) -> HttpResponse:
    """Show all applications, those with the riskiest issue first."""
    seen = visible(request)
    applications = list(seen.applications().select_related("unit").order_by("name")[: MOST + 1])
    standings = _standings(applications[:MOST], seen.issues().filter(NEEDS_WORK), Counts.of(request).open)
    tops = riskiest(
        seen.issues(), seen.applications().filter(pk__in=[one.application.pk for one in standings]), "application"
    )
    for one in standings:
        if (top := tops.get(one.application.pk)) is not None:
            one.top, one.reason = top, reason_of(top)
    return render(
        request, "web/applications/list.html", {"standings": standings, "more": len(applications) > MOST, "limit": MOST}
    )


def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one application, or take what an analyst says about it."""
    seen = visible(request)
    application = get_object_or_404(seen.applications().select_related("unit"), slug=slug)
    if request.method == "POST":
        return _describe(request, application)
    issues = seen.issues().filter(NEEDS_WORK, application=application)
    top: list[Issue] = list(issues.order_by("-risk", "-id")[:MOST_TOP])
    listed = hits(seen.issues().filter(application=application), Query(), ("application_id", "priority", "severity"))
    context = {
        "application": application,
        "standing": _standings([application], issues, listed)[0],
        "top": [(issue, reason_of(issue)) for issue in top],
        "scans": _latest_scans(seen, application),
        "assets": of_application(seen, application),
        "severities": _severities(application, listed),
        "fixes": _fixes(seen, application),
        "criticalities": Criticality.choices,
        "exposures": facts.EXPOSURES.items(),
        "classes": sorted({*USUAL_CLASSES, *application.data_classes}),
        "describes": seen.may(facts.DESCRIBES, application),
    }
    return render(request, "web/applications/page.html", context)


def _severities(application: Application, listed: Hits) -> list[dict[str, object]]:
    """Return how many open issues there are of each severity, the worst first, with their lists."""
    counted = Counter(listed.column("severity"))
    return [
        {
            "word": one.word,
            "count": listed.counted(counted[one.value]),
            "address": address(_query(application).having("severity", one.word)),
        }
        for one in sorted(Severity, reverse=True)
        if one.value in counted
    ]


def _fixes(seen: Visible, application: Application) -> list[Worth]:
    """Return the changes that remove most of the application's risk."""
    order = ranking(seen.issues().filter(application=application))
    return worths(seen.fixes(), order.page(MOST_FIXES, "", ""))


def estate(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what takes longer to find out of an application: owners, gaps of coverage, controls, what changed in its software."""
    seen = visible(request)
    application = get_object_or_404(seen.applications(), slug=slug)
    gaps = coverage(seen, timezone.now(), limit=MOST_GAPS + 1, among=Q(application=application))
    built, before = last_built(seen, application.pk)
    context = {
        "application": application,
        "owners": answers(seen, application.pk),
        "unowned": of_application(seen, application)["unowned"],
        "classes": data_of(seen, application.pk),
        "gaps": gaps[:MOST_GAPS],
        "more_gaps": len(gaps) > MOST_GAPS,
        "controls": list(application.controls.order_by("name")[:50]),
        "today": timezone.now().date(),
        "built": built,
        "replaced": before,
        "everything": seen.everything,
    }
    return render(request, "web/applications/_estate.html", context)


def trend(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how an application's risk went, as far as the record tells: a part of its page that is fetched after it."""
    seen = visible(request)
    application = get_object_or_404(seen.applications(), slug=slug)
    told = trend_of(seen, application, timezone.now())
    context = {
        "application": application, "trend": told, "days": DAYS, "lines": _lines(told), "width": WIDTH, "height": HEIGHT,
        "rows": told.points[::-ROW_EVERY],
    }  # fmt: skip
    return render(request, "web/applications/_trend.html", context)


def _lines(told: Trend) -> dict[str, str]:
    """Return the curves of a trend as points of a drawing: the risk, the area under it, and the urgent issues."""
    most = max((one.risk for one in told.points), default=0) or 1
    urgent = max((one.issues for one in told.points), default=0) or 1
    risk = _drawn([one.risk / most for one in told.points])
    area = f"0,{HEIGHT} {risk} {WIDTH},{HEIGHT}" if risk else ""
    return {"risk": risk, "area": area, "urgent": _drawn([one.urgent / urgent for one in told.points])}


def _drawn(shares: list[float]) -> str:
    step = WIDTH / max(1, len(shares) - 1)
    return " ".join(f"{at * step:.1f},{HEIGHT - 2 - share * (HEIGHT - 4):.1f}" for at, share in enumerate(shares))


def _latest_scans(seen: Visible, application: Application) -> list[Scan]:
    """Return the latest scan of each stream, newest first."""
    scans = seen.scans().filter(stream__application=application)
    latest = scans.order_by().values("stream").annotate(latest=Max("id")).values("latest")
    found = list(seen.scans().filter(pk__in=latest).select_related("stream__asset").order_by("-id")[:MOST_SCANS])
    by_asset: dict[int, list[Scan]] = defaultdict(list)
    for scan in found:
        by_asset[scan.stream.asset_id].append(scan)
    return [scan for scans in by_asset.values() for scan in scans]


def _describe(request: HttpRequest, application: Application) -> HttpResponse:
    given = request.POST
    criticality = given.get("criticality", "")
    said = {
        "criticality": int(criticality) if criticality.isascii() and criticality.isdigit() else -1,
        "exposure": given.get("exposure", ""),
        "data_classes": sorted(
            {
                name.strip().upper()
                for name in (*given.getlist("data_classes"), *given.get("more_classes", "").split(","))
                if name.strip()
            }
        ),
        "description": given.get("description", "").strip(),
    }
    said |= {name: given[name].strip() for name in _NAMES if name in given}
    if "compliance" in given:
        said["compliance"] = sorted({name.strip() for name in given["compliance"].split(",") if name.strip()})
    # What the form had from a file and the person left alone stays the file's.
    changed = {name: value for name, value in said.items() if value != getattr(application, name)}
    amount = "" if application.revenue_per_hour is None else str(application.revenue_per_hour)
    if given.get("revenue_per_hour", amount).strip() != amount:
        changed["revenue_per_hour"] = given["revenue_per_hour"].strip()
    for name in ("criticality", "exposure", "revenue_per_hour", *_NAMES):
        if name in changed and not changed[name]:
            changed[name] = None
    try:
        moved = facts.describe(person(request), application, changed)
    except NotAllowed as error:
        messages.error(request, str(error))
        return redirect("application", slug=application.slug)
    if moved:
        rescore(visible(request).issues().filter(application=application).values_list("pk", flat=True).iterator())
    saved = gettext("%(name)s is saved, and its issues are scored anew.") if moved else gettext("%(name)s is saved.")
    messages.success(request, saved % {"name": application})
    return redirect("application", slug=application.slug)
