"""Plans as plain values, for JSON on the command line and in the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seamark.pipeline.fixing.apply import Applied, Done
from seamark.pipeline.fixing.patched import Mended, Patches
from seamark.pipeline.fixing.ranked import Ranked, ranked
from seamark.pipeline.fixing.tree import Plans
from seamark.response.remediation.change import Change
from seamark.response.remediation.flaws import Flaw
from seamark.response.remediation.options import Option
from seamark.response.remediation.plan.estate import Point
from seamark.response.remediation.plan.make import Offered, Plan, Step, Unfixed


def plain(plans: Plans) -> dict[str, Any]:
    """Return plans with their curve and the order of projects."""
    return {
        "risk_before": round(sum(one.risk_before for one in plans.plans), 2), "risk_after": round(sum(one.risk_after for one in plans.plans), 2),
        "changes": sum(len(one.steps) for one in plans.plans), "projects": [plain_plan(one) for one in plans.plans],
        "curve": [_point(one) for one in plans.curve], "order": [{"projects": list(one.projects), "waits_for": list(one.waits_for)} for one in plans.turns],
        "ranked": [_ranked(one) for one in ranked(plans.plans)], "troubles": list(plans.troubles),
    }  # fmt: skip


def _ranked(one: Ranked) -> dict[str, Any]:
    return {
        "project": one.plan.project, "removed": round(one.gain, 2), "effort": one.effort, "per_effort": round(one.rate, 2),
        "changes": [{"package": step.change.name, "from_version": step.change.from_version, "to_version": step.change.to_version, "kind": step.change.kind.value} for step in one.steps],
    }  # fmt: skip


def plain_plan(one: Plan) -> dict[str, Any]:
    """Return one project's plan."""
    return {
        "project": one.project, "ecosystem": one.ecosystem, "flaws": one.flaws, "risk_before": round(one.risk_before, 2),
        "risk_after": round(one.risk_after, 2), "proven_best": one.proven, "steps": [plain_step(step, one.names) for step in one.steps],
        "unfixed": [_unfixed(each, one.names) for each in one.unfixed], "offered": [_offered(each, one.names) for each in one.offered],
    }  # fmt: skip


def plain_step(step: Step, names: dict[str, str]) -> dict[str, Any]:
    """Return one change with what it does."""
    return {
        "package": step.change.name, "from_version": step.change.from_version, "to_version": step.change.to_version, "kind": step.change.kind.value,
        "held": held_by(step.change) or None, "manager": step.change.manager, "manifests": list(step.change.manifests), "clears": flaws(step.clears, names),
        "introduces": flaws(step.introduces, names), "removed": round(step.removed, 2), "introduced": round(step.introduced, 2),
        "distance": step.distance.value, "hints": list(step.hints), "effort": step.effort, "together": step.together or None, "assumed": step.assumed,
        "unknown": step.unknown or None,
        "moves_too": [{"package": names.get(package, package), "from_version": before, "to_version": after} for package, before, after in step.moves_too],
    }  # fmt: skip


def held_by(change: Change) -> str:
    """Return the commit or digest that is written down with the new version, empty where none is."""
    told = dict(change.integrity)
    return told.get("commit") or told.get("digest") or ""


def flaws(found: Iterable[Flaw], names: dict[str, str]) -> list[dict[str, str]]:
    """Return flaws by name and package."""
    return [{"vulnerability": one.name, "package": names.get(one.package, one.package)} for one in found]


def _unfixed(one: Unfixed, names: dict[str, str]) -> dict[str, Any]:
    return {
        "vulnerability": one.flaw.name, "package": names.get(one.flaw.package, one.flaw.package), "versions": list(one.versions), "why": one.why,
        "no_fix": one.no_fix, "risk": round(one.risk, 2),
    }  # fmt: skip


def _offered(one: Offered, names: dict[str, str]) -> dict[str, Any]:
    return {
        "package": one.name, "version": one.version, "direct": one.direct, "options": [plain_option(each, names) for each in one.options],
    }  # fmt: skip


def plain_option(one: Option, names: dict[str, str]) -> dict[str, Any]:
    """Return one version to move to."""
    return {
        "choices": [each.value for each in one.choices], "to_version": one.move.version, "kind": one.move.kind.value, "clears": flaws(one.clears, names),
        "introduces": flaws(one.introduces, names), "leaves": flaws(one.leaves, names), "gain": round(one.gain, 2), "distance": one.distance.value,
        "hints": list(one.hints), "effort": one.effort, "conflict": one.conflict or None, "assumed": one.assumed,
        "unknown": one.unknown or None,
    }  # fmt: skip


def _point(one: Point) -> dict[str, Any]:
    return {
        "changes": one.changes, "project": one.project, "package": one.step.change.name, "to_version": one.step.change.to_version, "removed": round(one.removed, 2),
        "share": one.share,
    }  # fmt: skip


def plain_applied(one: Applied) -> dict[str, Any]:
    """Return what came of making the changes, without the files themselves."""
    return {
        "proven": one.proven, "files": sorted(one.after), "steps": [_done(each) for each in one.steps], "introduced": flaws(one.introduced, {}),
        "troubles": list(one.troubles), "patches": plain_patches(one.patches), "missed": [_mended(each) for each in one.missed],
    }  # fmt: skip


def plain_patches(one: Patches | None) -> dict[str, Any]:
    """Return what patches do about findings in code and settings."""
    return {"made": [_mended(each) for each in one.done], "left": [_mended(each) for each in one.left]} if one is not None else {"made": [], "left": []}  # fmt: skip


def _mended(one: Mended) -> dict[str, Any]:
    return {
        "tool": one.tool, "rule": one.rule, "path": one.path, "line": one.line or None, "title": one.title or None, "note": one.note or None,
        "by": "seamark" if one.ours else "tool", "why": one.why or None,
    }  # fmt: skip


def _done(one: Done) -> dict[str, Any]:
    change = one.step.change
    return {
        "project": one.project, "package": change.name, "from_version": change.from_version, "to_version": change.to_version, "kind": change.kind.value, "made": one.made,
        "words": one.words or None, "clears": [each.name for each in one.clears], "still": [each.name for each in one.still],
    }  # fmt: skip
