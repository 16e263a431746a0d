"""Issues and their findings as facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from seamark.analysis.risk import Facts as Score
from seamark.core.assets import RelationKind
from seamark.core.kind import KINDS_BY_CODE, Kind
from seamark.core.severity import Severity
from seamark.governance.policy.classes import owasp, path_classes
from seamark.governance.policy.facts import Asset, Facts, Finding, Issue
from seamark.governance.waivers.effective import ALL, waived
from seamark.pipeline.declared import exposure
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.exempt import Exceptions
from seamark.pipeline.ingest.refreshing import flaws_of
from seamark.store import models, writer
from seamark.store.models.findings import FindingFlag
from seamark.store.models.issues import State

_PIECE: Final = 5_000
_MOST_FINDINGS: Final = 100
_MOST_ASSETS: Final = 100
_FILES: Final = frozenset({Kind.CODE, Kind.SECRET, Kind.DEPENDENCY, Kind.MISCONFIGURATION, Kind.LICENCE})
_FLAWS: Final = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST})
_SECRET: Final = {"valid": "verified", "revoked": "refuted", "test": "refuted"}
_COLUMNS: Final = (
    "id", "application_id", "asset_id", "kind", "title", "place", "component", "rule", "vulnerability_id", "cwe", "severity", "risk", "priority",
    "facts", "state", "open", "regression", "kev", "fixable", "owner", "assignee_id", "due", "opened_at", "ai_written",
    "branch_only", "dismissal_unconfirmed",
)  # fmt: skip


class Row(NamedTuple):
    """An issue's row, in the order of `_COLUMNS`."""

    id: int
    application: int
    asset: int
    kind: int
    title: str
    place: str
    component: str
    rule: str
    vulnerability: int | None
    cwe: int | None
    severity: int
    risk: int
    priority: int
    facts: Any
    state: int
    open: bool
    regression: bool
    kev: bool
    fixable: bool
    owner: str
    assignee: int | None
    due: date | None
    opened_at: datetime
    ai_written: bool
    branch_only: bool
    unconfirmed: bool
    """Dismissed, and no second person has confirmed it: policies take it for open."""


class Told(NamedTuple):
    """An issue as facts, with what a replay needs of its row."""

    row: Row
    facts: Facts
    kev_added: str
    kev_due: date | None


def issue_facts(
    numbers: Sequence[int],
    around: Around,
    now: datetime,
    exceptions: Exceptions | None = None,
    *,
    findings: bool = True,
) -> Iterator[Told]:
    """Yield issues as facts, in the order of their numbers. What findings say is left out where they are not asked for.

    `exceptions` stand in for the waivers that are in force.
    """
    for at in range(0, len(numbers), _PIECE):
        piece = sorted(numbers[at : at + _PIECE])
        rows = [Row(*row) for row in models.Issue.objects.filter(pk__in=piece).order_by("id").values_list(*_COLUMNS)]
        around.load({row.asset for row in rows})
        flaws = flaws_of({row.id: row.vulnerability for row in rows})
        names = _names({flaw for several in flaws.values() for flaw in several})
        due = _catalogue_dates(names)
        told = _findings(piece) if findings else {}
        exempt = waived(piece, now) if exceptions is None else exceptions
        places = _places({row.asset for row in rows}, around)
        for row in rows:
            mine = [name for flaw in flaws[row.id] for name in names.get(flaw, ())]
            date_due = min((due[name] for name in mine if name in due), default=None)
            yield _told(row, around, now, mine, date_due, told.get(row.id), places.get(row.asset, ()), exempt)


def finding_facts(told: Told) -> Iterator[Facts]:
    """Yield an issue's findings, each as a record of its own with the issue around it."""
    for one in told.facts.issue.findings or () if told.facts.issue is not None else ():
        yield replace(told.facts, finding=one)


def _told(
    row: Row, around: Around, now: datetime, names: Sequence[str], kev_due: date | None, findings: list[Finding] | None,
    places: Sequence[Asset], exceptions: Exceptions,
) -> Told:  # fmt: skip
    score = msgspec.convert(row.facts, Score)
    application = around.applications.get(row.application)
    covered = tuple(exceptions.get(row.id, ()))
    asset = around.asset(row.asset)
    reach = (
        exposure(score.exposure)
        or (asset.exposure if asset is not None else None)
        or (application.exposure if application is not None else None)
    )
    if asset is not None:
        # Where the issue stands says more of who can reach it than what it is kept under, such as a repository.
        asset = replace(asset, exposure=reach, environment=score.environment or asset.environment)
    issue = Issue(
        **_written(row), **_scored(row, score), vulnerabilities=tuple(names), waived=bool([one for one in covered if one.policy == ALL]),
        waiver_days_left=min((one.days_left for one in covered), default=None),
        kev_overdue_days=(now.date() - kev_due).days if kev_due is not None else None,
        age_days=max((now - row.opened_at).days, 0), overdue_days=(now.date() - row.due).days if row.due is not None else None,
        findings=tuple(findings[:_MOST_FINDINGS]) if findings is not None else None,
        tools=tuple(sorted({one.tool for one in findings if one.tool is not None})) if findings is not None else None,
        assets=tuple([*([asset] if asset is not None else []), *places][:_MOST_ASSETS]),
    )  # fmt: skip
    facts = Facts(
        issue=issue, asset=asset, application=application, waived=tuple((one.policy, one.reference) for one in covered)
    )
    return Told(row, facts, score.kev_added, kev_due)


def _written(row: Row) -> dict[str, Any]:
    """Return the facts that stand in the row as they are."""
    kind = KINDS_BY_CODE[row.kind]
    path, line = row.place, None
    if kind in _FILES:
        head, colon, tail = row.place.rpartition(":")
        if colon and tail.isascii() and tail.isdecimal() and len(tail) < 10:
            path, line = head, int(tail)
    return {
        "ref": f"SM-{row.id}", "title": row.title, "kind": kind.value, "severity": Severity(row.severity), "risk": row.risk / 10,
        "priority": row.priority, "state": (State.OPEN if row.unconfirmed else State(row.state)).label,
        "open": row.open or (row.unconfirmed and not row.branch_only), "dismissal_unconfirmed": row.unconfirmed, "regression": row.regression, "ai_written": row.ai_written, "rule": row.rule or None,
        "cwe": row.cwe, "owasp": owasp(row.cwe) if row.cwe else None, "component": row.component or None, "path": path or None, "line": line,
        "path_classes": path_classes(path) if kind in _FILES and path else None, "fixable": row.fixable, "owner": row.owner or None,
        "assigned": row.assignee is not None, "opened_at": text_of(row.opened_at), "due": f"{row.due.isoformat()}T00:00:00Z" if row.due else None,
    }  # fmt: skip


def _scored(row: Row, score: Score) -> dict[str, Any]:
    """Return the facts that the score was made with."""
    # Whether a flaw is exploited is known of flaws that a feed was asked about, and of what is no flaw in a package.
    asked = bool(score.intelligence) or KINDS_BY_CODE[row.kind] not in _FLAWS
    verification = score.verification.value if score.verification is not None else None
    return {
        "kev": True if row.kev else False if asked else None, "ransomware": True if score.ransomware else False if asked else None,
        "epss": score.epss, "exploit": score.exploit or None, "reach": score.reach.value if score.reach is not None else None,
        "reach_confidence": dict(score.certainty).get("reach"),
        "verification": _SECRET.get(score.secret_state, verification), "confidence": score.confidence.value if score.confidence else None,
        "development": score.development, "test": score.test, "corroborated": bool(score.corroborated), "deployed": score.deployed or None,
        "environment": score.environment or None,
    }  # fmt: skip


def _names(groups: Iterable[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = writer.select_in(
        "SELECT group_id, name FROM store_vulnerabilityname WHERE group_id {values} ORDER BY name", sorted(groups)
    )
    for group, name in rows:
        found[group].append(name)
    return {group: tuple(sorted(names)) for group, names in found.items()}


def _catalogue_dates(names: dict[int, tuple[str, ...]]) -> dict[str, date]:
    wanted = sorted({name for several in names.values() for name in several})
    rows = writer.select_in(
        "SELECT name, kev_due FROM store_exploitation WHERE kev_due IS NOT NULL AND name {values}", wanted
    )
    return {name: due if isinstance(due, date) else date.fromisoformat(due) for name, due in rows}


def _findings(numbers: Sequence[int]) -> dict[int, list[Finding]]:
    """Return the open findings of issues."""
    found: dict[int, list[Finding]] = {number: [] for number in numbers}
    rows = models.Finding.objects.filter(issue__in=numbers, closed_in=None).order_by("id")
    told = rows.values_list("issue", "id", "stream__tool", "rule__code", "kind", "severity", "path", "line", "flags")
    for issue, number, tool, rule, kind, severity, path, line, flags in told:
        if len(found[issue]) < _MOST_FINDINGS:
            found[issue].append(
                Finding(
                    ref=str(number), tool=tool, rule=rule, kind=KINDS_BY_CODE[kind].value, severity=Severity(severity), path=path or None, line=line,
                    verified=bool(flags & FindingFlag.VERIFIED), suppressed=bool(flags & FindingFlag.SUPPRESSED),
                )
            )  # fmt: skip
    return found


def _places(roots: Iterable[int], around: Around) -> dict[int, list[Asset]]:
    """Return what runs the images that assets are, or that are built from them."""
    wanted = sorted(roots)
    images: dict[int, set[int]] = {number: {number} for number in wanted}
    for image, root in _related(RelationKind.BUILT_FROM, wanted):
        images[root].add(image)
    every = sorted(set().union(*images.values())) if images else []
    runs: dict[int, list[int]] = defaultdict(list)
    for workload, image in _related(RelationKind.RUNS, every):
        runs[image].append(workload)
    around.load({workload for several in runs.values() for workload in several})
    found: dict[int, list[Asset]] = {}
    for root, several in images.items():
        numbers = sorted({workload for image in several for workload in runs.get(image, ())})[:_MOST_ASSETS]
        found[root] = [one for number in numbers if (one := around.asset(number)) is not None]
    return found


def _related(kind: RelationKind, targets: Sequence[int]) -> list[tuple[Any, ...]]:
    return writer.select_in(
        "SELECT source_id, target_id FROM store_relation WHERE until IS NULL AND kind = %s AND target_id {values}",
        targets,
        [kind.value],
    )


def text_of(moment: datetime) -> str:
    """Return a time as RFC 3339."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
