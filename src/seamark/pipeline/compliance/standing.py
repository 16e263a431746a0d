"""Where frameworks, controls and checks stand, for a scope, now or at a time: what screens, the API, the command line and packs show.

    scope = scope_of(visible, application="payments")
    standing = framework_standing(visible, "pci-dss-4", scope, at=None)
    for control in standing.controls: control.outcome, control.checks, control.evidence, control.gaps

`visible` is `store.access.visible_to(person)`, or `everything()` for the command line. All functions read what was kept; nothing is asked anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from django.db.models import Max, Q, QuerySet, Sum
from django.utils import timezone

from seamark.governance.compliance.check import INSTALLATION, Check, checks
from seamark.governance.compliance.framework import Control, Framework, shipped
from seamark.governance.compliance.kept import control as control_of
from seamark.governance.compliance.kept import crosswalk, framework, frameworks
from seamark.governance.compliance.outcome import Answers, Outcome, together
from seamark.pipeline.compliance.scope import Scope, above, applications
from seamark.pipeline.compliance.shapes import (
    CheckResult,
    ControlStanding,
    EvidenceItem,
    Example,
    FrameworkShare,
    FrameworkStanding,
    GapItem,
    Moment,
)
from seamark.store.access import READS, Visible
from seamark.store.models import CheckStanding, ComplianceEvidence, ComplianceGap, EvidenceUse
from seamark.store.permissions import Permission

MOST_EXAMPLES: Final = 100
REVIEW: Final = "access-review"
"""The snapshot of who may do what."""
_SHOWN: Final = (
    Outcome.PASS,
    Outcome.PARTIAL,
    Outcome.FAIL,
    Outcome.NOT_KNOWN,
    Outcome.NOT_APPLICABLE,
    Outcome.NOT_COVERED,
)


def framework_shares(visible: Visible, scope: Scope, at: datetime | None = None) -> list[FrameworkShare]:
    """Return all frameworks with their controls counted by outcome."""
    moment = at or timezone.now()
    results = check_results(visible, scope, moment)
    by_hand = _by_hand(scope, moment)
    named: Counter[str] = Counter()
    for told in applications(visible, scope).values_list("compliance", flat=True):
        named.update({str(one) for one in told})
    shares = []
    for one in frameworks().values():
        told = [_outcome(one.name, control, results, by_hand)[0] for control in one.controls.values()]
        shares.append(
            FrameworkShare(
                name=one.name, title=one.title, version=one.version, publisher=one.publisher, own=one.name not in shipped(), applications=named[one.name],
                controls=len(told), counts=_counts(told),
            )
        )  # fmt: skip
    return shares


def framework_standing(visible: Visible, name: str, scope: Scope, at: datetime | None = None) -> FrameworkStanding:
    """Return where a framework and all of its controls stand in a scope, at a time (now). Raises `NotFound`."""
    found = framework(name)
    moment = at or timezone.now()
    controls = _controls(visible, found, found.controls.values(), scope, moment)
    there = applications(visible, scope).filter(created_at__lte=moment)
    return FrameworkStanding(
        name=found.name, title=found.title, version=found.version, publisher=found.publisher, url=found.url, source=found.source,
        digest=found.digest, scope=str(scope), at=moment, applications=tuple(there.order_by("slug").values_list("slug", flat=True)),
        controls=controls, counts=_counts(one.outcome for one in controls),
    )  # fmt: skip


def control_standing(
    visible: Visible, name: str, number: str, scope: Scope, at: datetime | None = None
) -> ControlStanding:
    """Return where a control stands in a scope, at a time (now). Raises `NotFound`."""
    found, one = control_of(name, number)
    return _controls(visible, found, [one], scope, at or timezone.now())[0]


def check_results(
    visible: Visible, scope: Scope, at: datetime | None = None, names: Collection[str] | None = None
) -> dict[str, CheckResult]:
    """Return what checks come to in a scope, at a time (now), by name; `names` asks for some only."""
    rows = rows_at(visible, scope, at or timezone.now(), names)
    told = rows.order_by().values_list("check_name").annotate(Sum("yes"), Sum("no"), Sum("unknown"), Max("since"))
    sums = {name: (Answers(yes, no, unknown), since) for name, yes, no, unknown, since in told}
    return {name: _result(one, sums.get(name)) for name, one in checks().items() if names is None or name in names}


def rows_at(
    visible: Visible, scope: Scope, moment: datetime, names: Collection[str] | None = None
) -> QuerySet[CheckStanding]:
    """Return what stood at a time: a row a check and application, and those of the installation itself."""
    among = Q(application__in=applications(visible, scope).values("id"))
    if scope.whole and visible.everything:
        among |= Q(application=None)
    else:
        among |= Q(
            application=None, check_name__in=[one.name for one in checks().values() if one.about == INSTALLATION]
        )
    rows = CheckStanding.objects.filter(among, Q(until=None) | Q(until__gt=moment), since__lte=moment)
    return rows.filter(check_name__in=list(names) if names is not None else list(checks()))


def examples(visible: Visible, check: str, scope: Scope, at: datetime | None = None) -> list[Example]:
    """Return what says no, or is not known, to a check: at most 100, as it was kept."""
    rows = rows_at(visible, scope, at or timezone.now(), [check]).exclude(examples=[]).order_by("application__slug")
    found = [
        Example(slug or "", str(ref), str(answer))
        for slug, told in rows.values_list("application__slug", "examples")[:MOST_EXAMPLES]
        for ref, answer in told
    ]
    return found[:MOST_EXAMPLES]


def history(visible: Visible, check: str, scope: Scope, most: int = 200) -> list[Moment]:
    """Return how a check stood in the applications of a scope, newest first."""
    among = Q(application__in=applications(visible, scope).values("id"))
    if checks()[check].about == INSTALLATION or (scope.whole and visible.everything):
        among |= Q(application=None)
    rows = CheckStanding.objects.filter(among, check_name=check).order_by("-since", "-id")
    told = rows.values_list("application__slug", "outcome", "yes", "no", "unknown", "since", "until")[:most]
    return [
        Moment(
            application=slug or "", outcome=Outcome(outcome), yes=yes, no=no, unknown=unknown, since=since, until=until
        )
        for slug, outcome, yes, no, unknown, since, until in told
    ]


def gaps(
    visible: Visible, scope: Scope, at: datetime | None = None, *, names: Collection[str] | None = None, framework: str = "",
) -> list[GapItem]:  # fmt: skip
    """Return the gaps that were open at a time (now); `names` of checks and a `framework`, for missing evidence, ask for some only."""
    moment = at or timezone.now()
    among = Q(application__in=applications(visible, scope).values("id"))
    known = list(checks())
    if scope.whole and visible.everything:
        among |= Q(application=None)
    else:
        among |= Q(application=None) & ~Q(check_name__in=[one for one in known if checks()[one].about != INSTALLATION])
    which = Q(check_name__in=known if names is None else list(names)) | Q(
        check_name="", **({"framework": framework} if framework else {})
    )
    open_then = Q(closed_at=None) | Q(closed_at__gt=moment)
    rows = ComplianceGap.objects.filter(among, which, open_then, opened_at__lte=moment)
    return [gap_item(row, moment) for row in rows.select_related("owner", "application").order_by("due", "pk")]


def gap_item(row: ComplianceGap, moment: datetime) -> GapItem:
    """Return a gap as it was at a time; its owner and application have been read with it."""
    closed = row.closed_at if row.closed_at is not None and row.closed_at <= moment else None
    return GapItem(
        number=row.pk, reference=row.reference, check=row.check_name, framework=row.framework, control=row.control, title=_gap_title(row),
        application=row.application.slug if row.application is not None else "", outcome=Outcome(row.outcome),
        owner=row.owner.get_username() if row.owner is not None else "", due=row.due, overdue=row.due is not None and row.due < moment.date(),
        note=row.note, opened_at=row.opened_at, closed_at=closed,
    )  # fmt: skip


def _gap_title(row: ComplianceGap) -> str:
    if row.check_name:
        one = checks().get(row.check_name)
        return one.title if one is not None else row.check_name
    found = frameworks().get(row.framework)
    control = found.controls.get(row.control) if found is not None else None
    return control.evidence.what if control is not None and control.evidence is not None else row.control


def _result(one: Check, told: tuple[Answers, datetime] | None) -> CheckResult:
    answers, since = told if told is not None else (Answers(), None)
    return CheckResult(
        name=one.name, title=one.title, question=one.question, about=one.about, facts=one.facts, enough=one.written.enough,
        partly=one.written.partly, digest=one.digest, outcome=one.outcome(answers) if told is not None else Outcome.NOT_KNOWN,
        yes=answers.yes, no=answers.no, unknown=answers.unknown, since=since,
    )  # fmt: skip


def _counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    told = Counter(outcomes)
    return {one.value: told[one] for one in _SHOWN}


def _outcome(
    framework: str, one: Control, results: Mapping[str, CheckResult], by_hand: Mapping[tuple[str, str], Outcome]
) -> tuple[Outcome, Outcome | None]:
    """Return what a control comes to, and what its evidence by hand does."""
    if one.reason:
        return Outcome.NOT_COVERED, None
    hand = by_hand.get((framework, one.id), Outcome.NOT_KNOWN) if one.evidence is not None else None
    parts = [results[name].outcome for name in one.checks]
    return together([*parts, *([hand] if hand is not None else [])]), hand


def _in_scope(scope: Scope) -> Q:
    """Return which evidence counts in a scope: its own, and that of what it belongs to."""
    among = Q(application=None, unit=None) | Q(application=None, unit__in=above(scope))
    return among | Q(application=scope.application) if scope.application is not None else among


def _by_hand(scope: Scope, moment: datetime) -> dict[tuple[str, str], Outcome]:
    """Return what evidence by hand comes to for each control that has any."""
    rows = EvidenceUse.objects.filter(
        evidence__in=ComplianceEvidence.objects.filter(_in_scope(scope), frozen_at__lte=moment).values("id")
    )
    found: dict[tuple[str, str], Outcome] = {}
    for framework_name, number, renew in rows.values_list("framework", "control", "evidence__renew_by"):
        key = (framework_name, number)
        counts = renew is None or renew >= moment.date()
        if counts or key not in found:
            found[key] = Outcome.PASS if counts else Outcome.FAIL
    return found


def _controls(
    visible: Visible, found: Framework, wanted: Iterable[Control], scope: Scope, moment: datetime
) -> tuple[ControlStanding, ...]:
    several = list(wanted)
    names = {name for one in several for name in one.checks}
    results = check_results(visible, scope, moment, names)
    by_hand = _by_hand(scope, moment)
    evidence = _evidence(visible, found.name, [one.id for one in several], scope, moment)
    of_check: dict[str, list[GapItem]] = defaultdict(list)
    of_control: dict[str, list[GapItem]] = defaultdict(list)
    for gap in gaps(visible, scope, moment, names=names, framework=found.name):
        (of_check[gap.check] if gap.check else of_control[gap.control]).append(gap)
    like = crosswalk()
    tell = partial(_outcome, found.name, results=results, by_hand=by_hand)
    standings = []
    for one in several:
        outcome, hand = tell(one)
        family = found.family_of[one.id]
        mine = [*of_control[one.id], *(gap for name in one.checks for gap in of_check[name])]
        standings.append(
            ControlStanding(
                framework=found.name, id=one.id, title=one.title, family=family.id, family_title=family.title, outcome=outcome,
                reason=one.reason, need=one.evidence.what if one.evidence else "", need_days=one.evidence.days if one.evidence else 0,
                by_hand=hand, checks=tuple(results[name] for name in one.checks), evidence=tuple(evidence[one.id]), gaps=tuple(mine),
                crosswalk=like.get(f"{found.name}/{one.id}", ()),
            )
        )  # fmt: skip
    return tuple(standings)


def _evidence(
    visible: Visible, name: str, controls: Collection[str], scope: Scope, moment: datetime
) -> dict[str, list[EvidenceItem]]:
    rows = EvidenceUse.objects.filter(framework=name, control__in=controls)
    uses = rows.filter(
        evidence__in=ComplianceEvidence.objects.filter(_in_scope(scope), frozen_at__lte=moment).values("id")
    )
    found: dict[str, list[EvidenceItem]] = defaultdict(list)
    pairs = list(uses.values_list("control", "evidence").order_by("-evidence"))
    items = evidence_items(visible, ComplianceEvidence.objects.filter(pk__in={number for _, number in pairs}), moment)
    for control, number in pairs:
        found[control].append(items[number])
    return found


def may_read(visible: Visible, row: ComplianceEvidence) -> bool:
    """Tell whether a person may read what evidence holds: who reads all that it is about; of people and rights, auditors."""
    if row.name == REVIEW and not (visible.may(Permission.LEDGER_READ) or visible.may(Permission.USER_MANAGE)):
        return False
    if row.application is not None:
        return visible.may(READS, row.application)
    return visible.may_in(READS, row.unit) if row.unit is not None else visible.everything


def evidence_items(visible: Visible, rows: QuerySet[ComplianceEvidence], moment: datetime) -> dict[int, EvidenceItem]:
    """Return evidence by its number, without the content."""
    asked = rows.defer("content").select_related("application", "unit", "author", "owner")
    kept = set(rows.filter(Q(kind="link") | Q(content__isnull=False)).values_list("pk", flat=True))
    return {
        row.pk: EvidenceItem(
            number=row.pk, reference=row.reference, kind=row.kind, name=row.name, title=row.title, scope=str(Scope(row.application, row.unit)),
            query=row.query, sources=tuple(str(one) for one in row.sources), link=row.link, filename=row.filename, digest=row.digest,
            size=row.size, author=row.author.get_username() if row.author else "", owner=row.owner.get_username() if row.owner else "",
            frozen_at=row.frozen_at, renew_by=row.renew_by, keep_until=row.keep_until, entry=row.entry,
            current=row.renew_by is None or row.renew_by >= moment.date(), readable=row.pk in kept and may_read(visible, row),
        )
        for row in asked
    }  # fmt: skip
