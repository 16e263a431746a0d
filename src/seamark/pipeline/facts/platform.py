"""Today's facts of everything that a person may see."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from django.db.models import Q
from msgspec.structs import replace

from seamark.governance.policy.facts import Component, Facts
from seamark.governance.waivers.effective import waived_applications
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.exempt import Exceptions
from seamark.pipeline.facts.inventory import coverage_facts, drift_facts, scan_facts
from seamark.pipeline.facts.issues import finding_facts, issue_facts
from seamark.pipeline.facts.software import build_facts, component_facts, deployment_facts
from seamark.store.access import Visible
from seamark.store.models.issues import COUNTS_AT_GATES

DEFAULT: Final = frozenset(
    {"issue", "component", "drift", "coverage", "deployment", "build", "scan", "asset", "application"}
)
"""What is looked at unless somebody asks otherwise: all that the platform knows, without single findings."""
MOST_ISSUES: Final = 200_000
MOST_COMPONENTS: Final = 2_000
"""Of one application, among its own facts."""


def platform_facts(
    visible: Visible, *, now: datetime, subjects: Collection[str] = DEFAULT, applications: Collection[int] | None = None,
    exceptions: Exceptions | None = None, gate: bool = False,
) -> list[Facts]:  # fmt: skip
    """Return records of open issues, of components, drift, coverage, workloads, builds, latest scans, assets and applications.

    `applications` are numbers; `exceptions`, by issue, stand in for the waivers that are in force. The riskiest
    issues come first, at most `MOST_ISSUES`; of the other sorts each reader has its own bound. What the platform does not know is
    left out of a record: whether a change brings an issue (`issue.new`), who wrote its lines, and controls of frameworks.
    For a `gate`, dismissals that nobody has confirmed count as open.
    """
    around = Around(visible, now, applications, gate=gate)
    found: list[Facts] = []
    wanted = frozenset(subjects)
    if wanted & {"issue", "finding", "drift", "deployment"}:
        found += _issues(visible, around, now, wanted, exceptions, whole=applications is None, gate=gate)
    components: list[Facts] = []
    if wanted & {"component", "application"}:
        components = list(component_facts(around))
        found += components if "component" in wanted else []
    makers: Mapping[str, Callable[[], Iterator[Facts]]] = {
        "coverage": lambda: coverage_facts(visible, around, now),
        "build": lambda: build_facts(around, now),
        "scan": lambda: scan_facts(visible, around, now),
        "asset": lambda: _assets(around),
        "application": lambda: _applications(around, components),
    }
    for subject, make in makers.items():
        if subject in wanted:
            found += make()
    return list(_exempted(found, around, now))


def _exempted(found: Iterable[Facts], around: Around, now: datetime) -> Iterator[Facts]:
    """Yield records with the exceptions of their application, where they are about something else than an issue."""
    exempt = waived_applications(around.applications.keys(), now)
    whole = {around.applications[number].ref: several for number, several in exempt.items()}
    for one in found:
        several = whole.get(one.application.ref, ()) if one.application is not None and one.issue is None else ()
        yield replace(one, waived=tuple((each.policy, each.reference) for each in several)) if several else one


def _issues(
    visible: Visible,
    around: Around,
    now: datetime,
    wanted: frozenset[str],
    exceptions: Exceptions | None,
    *,
    whole: bool,
    gate: bool,
) -> list[Facts]:
    rows = visible.issues().filter(COUNTS_AT_GATES if gate else Q(open=True))
    if not whole:
        rows = rows.filter(application__in=list(around.applications))
    numbers = list(rows.order_by("-risk", "-id").values_list("id", flat=True)[:MOST_ISSUES])
    told = list(issue_facts(numbers, around, now, exceptions))
    found = [one.facts for one in told] if "issue" in wanted else []
    if "finding" in wanted:
        found += [each for one in told for each in finding_facts(one)]
    if "drift" in wanted:
        found += drift_facts(told)
    if "deployment" in wanted:
        found += deployment_facts(around, told)
    return found


def _assets(around: Around) -> Iterator[Facts]:
    numbers = list(around.rows().order_by("id").values_list("id", flat=True)[:MOST_ISSUES])
    around.load(numbers)
    for number in numbers:
        yield Facts(asset=around.asset(number), application=around.application_of(number))


def _applications(around: Around, components: list[Facts]) -> Iterator[Facts]:
    mine: dict[str, dict[str, Component]] = {}
    for one in components:
        if one.application is not None and one.application.ref is not None and one.component is not None:
            several = mine.setdefault(one.application.ref, {})
            if len(several) < MOST_COMPONENTS:
                several.setdefault(one.component.purl or "", one.component)
    for application in around.applications.values():
        yield Facts(application=replace(application, components=tuple(mine.get(application.ref or "", {}).values())))
