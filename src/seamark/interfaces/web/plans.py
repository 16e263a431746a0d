"""Plans on screen: an application's changes ranked by what each removes for its effort, what a fix moves, and what it touches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_noop

from seamark.analysis.correlation.fixes import BASE_IMAGE, UPGRADE
from seamark.core.errors import NotAllowed
from seamark.interfaces.web.frame import visible
from seamark.pipeline.fixing.ranked import Ranked, ranked
from seamark.pipeline.fixing.shown import held_by
from seamark.pipeline.pulls.planning import Item, Looked, is_readable, plan_application, plan_fix
from seamark.pipeline.pulls.touched import touched_by
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.flaws import Flaw
from seamark.response.remediation.options import Choice, Option
from seamark.response.remediation.plan.make import Plan, Step, Unfixed
from seamark.store.access import Visible
from seamark.store.models import Application, Fix

MOST: Final = 200
"""Changes, and flaws that stay, on a page."""
NAMED: Final = 6
"""Flaws that are named of one change."""
CHOICES: Final = {
    Choice.LEAST: gettext_noop("least that clears something"), Choice.LEAST_CLEARING_ALL: gettext_noop("least that clears all"),
    Choice.LATEST_MINOR: gettext_noop("latest of its line"), Choice.LATEST: gettext_noop("latest"), Choice.PINNED: gettext_noop("the same, held or named"),
}  # fmt: skip
KINDS: Final = {
    ChangeKind.BUMP: gettext_noop("package"), ChangeKind.OVERRIDE: gettext_noop("override"), ChangeKind.IMAGE: gettext_noop("image"),
    ChangeKind.ACTION_PIN: gettext_noop("action"), ChangeKind.MODULE: gettext_noop("module"), ChangeKind.CHART: gettext_noop("chart"),
}  # fmt: skip
REACHED: Final = {
    "service": gettext_noop("Services"), "workload": gettext_noop("Workloads"), "image": gettext_noop("Images"), "pipeline": gettext_noop("Pipelines"),
    "cloud_resource": gettext_noop("Cloud resources"), "data_store": gettext_noop("Data stores"), "domain": gettext_noop("Domains"),
}  # fmt: skip
PINS: Final = frozenset({ChangeKind.IMAGE, ChangeKind.ACTION_PIN, ChangeKind.MODULE, ChangeKind.CHART})
_ISSUE: Final = re.compile(r"SM-(\d{1,18}) ")


def application_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an application's plan; the plan itself is fetched after the page."""
    seen = visible(request)
    application = get_object_or_404(seen.applications(), slug=slug)
    online = _online(request, seen, application)
    place = reverse("application-plan-changes", args=[application.slug])
    return render(request, "web/plans/page.html", {"application": application, "place": f"{place}?online=1" if online else place})  # fmt: skip


def application_changes(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the changes of an application's plan: a part of its page."""
    seen = visible(request)
    application = get_object_or_404(seen.applications(), slug=slug)
    online = _online(request, seen, application)
    found = plan_application(seen, application, online=online)
    plans = found.plans.plans
    order = ranked(plans)
    fixes = _fixes(seen, application, order)
    left = sorted(
        ((plan, one) for plan in plans for one in plan.unfixed), key=lambda each: (-each[1].risk, each[1].flaw)
    )
    before, after = (sum(getattr(one, name) for one in plans) for name in ("risk_before", "risk_after"))
    context = {
        "application": application, "rows": [_row(one, fixes) for one in order[:MOST]], "more": max(0, len(order) - MOST), "before": before, "after": after,
        "changes": sum(len(one.steps) for one in plans), "removed": before - after,
        "left": [_left(plan, one) for plan, one in left[:MOST]],
        "more_left": max(0, len(left) - MOST), "troubles": found.plans.troubles,
        **_how_far(seen, application, found.looked, online=online, place=reverse("application-plan", args=[application.slug])),
    }  # fmt: skip
    return render(request, "web/plans/_changes.html", context)


def pins(request: HttpRequest, number: int) -> HttpResponse:
    """Show what a fix moves that is pinned: a part of its page."""
    seen = visible(request)
    fix = get_object_or_404(seen.fixes().select_related("application", "asset"), pk=number)
    online = _online(request, seen, fix.application)
    found = plan_fix(seen, fix, online=online)
    context: dict[str, Any] = {"fix": fix, "found": found is not None}
    if found is not None:
        context |= {
            "items": [_item(one) for one in found.items],
            **_how_far(seen, fix.application, found.looked, online=online, place=reverse("fix", args=[fix.pk])),
        }
    return render(request, "web/plans/_pins.html", context)


def touches(request: HttpRequest, number: int) -> HttpResponse:
    """Show what a fix touches: a part of its page."""
    seen = visible(request)
    fix = get_object_or_404(seen.fixes().select_related("application", "asset"), pk=number)
    try:
        found = touched_by(seen, fix)
    except NotAllowed as error:
        return render(request, "web/plans/_touches.html", {"refused": str(error)})
    slugs = dict(seen.applications().filter(name__in=found.applications).values_list("name", "slug"))
    shown = {node.id for one in found.groups for node in one.assets} | {one.id for one in found.start}
    known = set(seen.assets().filter(pk__in=shown).values_list("pk", flat=True))
    groups = [(REACHED[one.kind], one) for one in found.groups]
    context = {"touched": found, "groups": groups, "applications": [(name, slugs.get(name, "")) for name in found.applications], "known": known}  # fmt: skip
    return render(request, "web/plans/_touches.html", context)


def _online(request: HttpRequest, seen: Visible, application: Application) -> bool:
    """Tell whether files are to be read and registries to be asked: where that is wanted, and may be."""
    return request.GET.get("online") == "1" and is_readable(seen, application)


def _how_far(seen: Visible, application: Application, looked: Looked, *, online: bool, place: str) -> dict[str, Any]:
    """Return how far planning looked, with the address that looks further where there is one."""
    further = f"{place}?online=1" if not online and is_readable(seen, application) else ""
    return {"looked": looked, "further": further, "online": online}


def _left(plan: Plan, one: Unfixed) -> dict[str, Any]:
    """Return a flaw that stays; `within` names the image where it is of a package that the image holds."""
    own = plan.names.get(one.flaw.package, "")
    within = next(iter(plan.names.values()), "") if not own else ""
    return {
        "flaw": _named(one.flaw), "of": own or one.flaw.package.rpartition("/")[2], "within": within, "where": _where(plan), "why": one.why,
        "versions": one.versions, "risk": one.risk, "no_fix": one.no_fix,
    }  # fmt: skip


def _row(one: Ranked, fixes: dict[tuple[str, str], Fix]) -> dict[str, Any]:
    return {
        "steps": [_step(step, fixes) for step in one.steps], "gain": one.gain, "effort": one.effort, "rate": one.rate, "where": _where(one.plan),
        "together": len(one.steps) > 1, "more_files": max(0, len(one.steps[0].change.manifests) - 1) if one.steps[0].change.kind in PINS else 0,
    }  # fmt: skip


def _step(step: Step, fixes: dict[tuple[str, str], Fix] | None = None) -> dict[str, Any]:
    return {
        "name": step.change.name, "before": step.change.from_version, "after": step.change.to_version, "held": held_by(step.change)[:19], "kind": KINDS[step.change.kind],
        "fix": (fixes or {}).get(_fix_of(step)), "clears": _few(step.clears), "number": len(step.clears), "more": max(0, len(step.clears) - NAMED),
        "introduces": _few(step.introduces), "hints": step.hints, "distance": step.distance.value, "unknown": step.unknown,
        "gain": step.gain, "effort": step.effort,
    }  # fmt: skip


def _few(found: Sequence[Flaw]) -> list[tuple[str, str]]:
    return [_named(one) for one in found[:NAMED]]


def _named(flaw: Flaw) -> tuple[str, str]:
    """Return a flaw's name, and the address of its issue where it is named by that."""
    issue = _ISSUE.match(flaw.name)
    return flaw.name, reverse("issue", args=[int(issue[1])]) if issue else ""


def _where(plan: Plan) -> str:
    return plan.project.partition("//")[2] or plan.project


def _fix_of(step: Step) -> tuple[str, str]:
    """Return kind and key of the fix that a change is, where scanners told of it."""
    if step.change.kind is ChangeKind.IMAGE:
        return BASE_IMAGE, step.move.package.removeprefix("docker/")
    return UPGRADE, step.move.package


def _fixes(seen: Visible, application: Application, order: Iterable[Ranked]) -> dict[tuple[str, str], Fix]:
    wanted = {_fix_of(step)[1] for one in order for step in one.steps}
    rows = seen.fixes().filter(application=application, kind__in=(UPGRADE, BASE_IMAGE), key__in=sorted(wanted)[:5000])
    return {(one.kind, one.key): one for one in rows.order_by("-pk")}


def _item(one: Item) -> dict[str, Any]:
    plan = one.plan
    options = [option for each in plan.offered for option in each.options]
    target = plan.steps[0].move.version if plan.steps else ""
    return {
        "name": one.pin.name, "now": one.pin.shown, "kind": KINDS[one.pin.kind], "places": one.pin.places[:20], "more_places": max(0, len(one.pin.places) - 20),
        "step": _step(plan.steps[0]) if plan.steps else None, "options": [_option(each, target) for each in options], "flaws": plan.flaws,
        "risk": plan.risk_before, "left": [{"flaw": _named(each.flaw), "why": each.why} for each in plan.unfixed[:NAMED]],
        "more_left": max(0, len(plan.unfixed) - NAMED), "proof": one.proof,
    }  # fmt: skip


def _option(one: Option, target: str) -> dict[str, Any]:
    return {
        "version": one.move.version, "choices": [CHOICES[each] for each in one.choices], "chosen": one.move.version == target, "clears": len(one.clears),
        "leaves": len(one.leaves), "introduces": len(one.introduces), "gain": one.gain, "distance": one.distance.value, "effort": one.effort,
        "remarks": [*filter(None, (one.conflict, one.unknown)), *one.hints], "unknown": bool(one.unknown),
    }  # fmt: skip
