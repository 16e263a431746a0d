"""From what a deploy gate is asked about to the records that policies judge."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Max, Q
from msgspec.structs import replace

from seamark.core.assets import AssetKind
from seamark.core.errors import NotFound
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.facts import Application, Asset, Component, Deployment, Facts, Issue
from seamark.governance.policy.licences import licence_class
from seamark.governance.policy.model import Effect, Stage
from seamark.governance.waivers.effective import waived
from seamark.pipeline.declared import exposure
from seamark.pipeline.deployment.images import Pictured, Reference, issues_of, pictured, resolve
from seamark.pipeline.deployment.places import Located, located
from seamark.pipeline.deployment.subject import Place, Subject
from seamark.pipeline.facts import Exempt, platform_facts
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.inventory import coverage_facts, scan_of
from seamark.pipeline.facts.issues import Told, finding_facts, issue_facts
from seamark.store import models
from seamark.store.access import Visible
from seamark.store.models import Issue as IssueRow
from seamark.store.models import Sbom, SbomComponent, Scan
from seamark.store.models.issues import COUNTS_AT_GATES

_MOST_ISSUES: Final = 500
"""Among the facts of a deployment."""
_MOST_COMPONENTS: Final = 50_000
_PLATFORM: Final = frozenset(
    {"drift", "coverage", "deployment", "build", "scan", "asset", "application", "component", "issue", "finding"}
)
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_ASIDE: Final = frozenset({"development", "dev", "test", "excluded", "optional"})
_SHIPPED: Final = frozenset({"required", "runtime", "compile", "production"})


class Gathered(NamedTuple):
    """What there is to judge."""

    records: list[Facts]
    application: models.Application | None
    ref: str
    """What it is about: name and digest of the image, or the version."""
    scans: tuple[int, ...] = ()
    issues: int = 0
    new: int = 0
    compared: bool = False
    """Whether it is known what ran before."""
    notes: tuple[str, ...] = ()
    """What whoever asked should know, a sentence each."""


class Asking(NamedTuple):
    """What policies want to know."""

    subjects: frozenset[str]
    findings: bool
    """Whether single findings matter."""
    components: bool
    """Whether the components of an application matter."""


def asking(bundle: Bundle, stage: Stage, now: datetime) -> Asking:
    """Return what the policies that are asked at a stage look at."""
    asked = [one for one in bundle.policies if one.effect(stage, now.date()) is not Effect.OFF]
    uses = {use for one in asked for use in one.condition.uses}
    subjects = frozenset(one.subject for one in asked)
    detailed = "finding" in subjects or bool(uses & {("issue", "findings"), ("issue", "tools")})
    return Asking(subjects, detailed, ("application", "components") in uses)


def exceptions_of(numbers: Collection[int], now: datetime) -> dict[int, tuple[Exempt, ...]]:
    """Return the approved waivers that cover issues."""
    return {number: tuple(Exempt(*one) for one in several) for number, several in waived(numbers, now).items()}


def gather(visible: Visible, subject: Subject, wanted: Asking, now: datetime) -> Gathered:
    """Return the records about an image or an application. Raises `NotFound` for an application that nobody knows, or that may not be seen."""
    if subject.image:
        return _Image(visible, subject, wanted, now).gathered()
    application = application_named(visible, subject.application)
    if not subject.version:
        return _standing(visible, application, wanted, now)
    digests = _tagged(visible, application, subject.version)
    if digests:
        each = [replace(subject, image=one) for one in digests]
        return _together([_Image(visible, one, wanted, now).gathered() for one in each], application, subject.version)
    return _scanned(visible, application, subject, wanted, now)


def application_named(visible: Visible, name: str) -> models.Application:
    """Return the application of a short name or a name. Raises `NotFound`."""
    rows = visible.applications()
    found = rows.filter(slug=name).first() or rows.filter(name__iexact=name).first()
    if found is None:
        raise NotFound(f"There is no application {name!r} that you may see")
    return found


def _standing(visible: Visible, application: models.Application, wanted: Asking, now: datetime) -> Gathered:
    """Return an application as it stands now."""
    numbers = list(
        visible.issues().filter(COUNTS_AT_GATES, application=application).values_list("pk", flat=True)[:200_000]
    )
    records = platform_facts(
        visible, now=now, subjects=wanted.subjects & _PLATFORM, applications=[application.pk], exceptions=exceptions_of(numbers, now), gate=True
    )  # fmt: skip
    return Gathered(records, application, "", issues=len(numbers))


def _tagged(visible: Visible, application: models.Application, version: str) -> list[str]:
    """Return the images of an application whose builds carry a version as their tag."""
    found = []
    for row in (
        visible.assets()
        .filter(kind=AssetKind.IMAGE.value, application=application, gone_at=None)
        .order_by("key")[:1_000]
    ):
        builds = row.attributes.get("builds") if isinstance(row.attributes, dict) else None
        told = [one for one in (builds if isinstance(builds, list) else []) if isinstance(one, dict)]
        found += [
            f"{row.key}@{one['digest']}" for one in told if version in (one.get("tags") or ()) and one.get("digest")
        ]
    return found


def _scanned(
    visible: Visible, application: models.Application, subject: Subject, wanted: Asking, now: datetime
) -> Gathered:
    """Return what scans of a commit, a branch or a tag found; where there are none, that nothing is known."""
    version = subject.version
    of = Q(stream__ref=version)
    if _COMMIT.fullmatch(version):
        of |= Q(commit__startswith=version)
    rows = visible.scans().filter(of, stream__application=application)
    runs = dict(rows.order_by().values_list("stream").annotate(latest=Max("id")))
    around = Around(visible, now, [application.pk], gate=True)
    place = located(visible, subject.place)
    if not runs:
        note = f"No image, commit, branch or tag {version} of {application.name} is known: its issues cannot be told"
        records = [
            _nobody_knows(f"{application.slug} {version}", around.applications.get(application.pk), None, place.place)
        ]
        return Gathered(records, application, version, notes=(note,))
    numbers = issues_of(runs)
    told = [_placed(one, place.place, None) for one in _told(numbers, around, wanted, now)]
    records = list(_issues(told, wanted))
    rest = wanted.subjects & {"coverage", "asset", "application"}
    records += platform_facts(visible, now=now, subjects=rest, applications=[application.pk], gate=True) if rest else []
    return Gathered(records, application, version, tuple(sorted(runs.values())), len(numbers))


def _together(several: list[Gathered], application: models.Application, ref: str) -> Gathered:
    records = {one: None for each in several for one in each.records}
    return Gathered(
        list(records), application, ref, tuple(sorted({scan for each in several for scan in each.scans})), sum(each.issues for each in several),
        sum(each.new for each in several), all(each.compared for each in several), tuple(dict.fromkeys(note for each in several for note in each.notes)),
    )  # fmt: skip


def _told(numbers: Iterable[int], around: Around, wanted: Asking, now: datetime) -> list[Told]:
    if not wanted.subjects & {"issue", "finding", "deployment"}:
        return []
    listed = sorted(numbers)
    return list(issue_facts(listed, around, now, exceptions_of(listed, now), findings=wanted.findings))


def _placed(told: Told, place: Place, new: bool | None) -> Told:
    """Return an issue as it is where it is to run. One that a later build has fixed is open in this one."""
    facts = told.facts
    if facts.issue is None:
        return told
    more: dict[str, Any] = {"new": new}
    if not facts.issue.open:
        more |= {"open": True, "state": "open"}
    asset = facts.asset or Asset()
    if place.environment:
        more["environment"] = place.environment
        asset = replace(asset, environment=place.environment)
    if exposure(place.exposure) is not None:
        asset = replace(asset, exposure=exposure(place.exposure))
    findings = facts.issue.findings
    if findings is not None:
        more["findings"] = tuple(replace(one, new=new) for one in findings)
    return told._replace(facts=replace(facts, issue=replace(facts.issue, **more), asset=asset))


def _issues(told: Iterable[Told], wanted: Asking) -> Iterator[Facts]:
    for one in told:
        if "issue" in wanted.subjects:
            yield one.facts
        if "finding" in wanted.subjects:
            yield from finding_facts(one)


def _nobody_knows(ref: str, application: Application | None, asset: Asset | None, place: Place) -> Facts:
    """Return an issue of which nothing is known: what was never looked at may have any, and no policy may take it for none."""
    stands = replace(asset or Asset(), environment=place.environment or None)
    if exposure(place.exposure) is not None:
        stands = replace(stands, exposure=exposure(place.exposure))
    return Facts(issue=Issue(ref=ref, open=True, waived=False), asset=stands, application=application)


class _Image:
    """One image at one place."""

    def __init__(self, visible: Visible, subject: Subject, wanted: Asking, now: datetime) -> None:
        self._visible, self._wanted, self._now = visible, wanted, now
        self._reference: Reference = resolve(visible, subject.image)
        self._known: Pictured = pictured(visible, self._reference, now)
        self._located: Located = located(visible, subject.place)
        self._place = self._located.place
        self._application = self._whose(subject)
        of = set(
            IssueRow.objects.filter(pk__in=sorted(self._known.issues)[:5_000])
            .values_list("application", flat=True)
            .distinct()
        )
        of |= {self._application.pk} if self._application is not None else set()
        self._around = Around(visible, now, of, gate=True)
        self._facts_of = self._around.applications.get(self._application.pk) if self._application is not None else None
        self._before = self._earlier(subject)

    def _whose(self, subject: Subject) -> models.Application | None:
        """Return the application: the image's, else the workload's or the namespace's, else the one that is named."""
        asset = self._known.asset
        number = (asset.application_id if asset is not None else None) or self._located.application
        rows = self._visible.applications()
        if number is not None:
            return rows.filter(pk=number).first()
        return application_named(self._visible, subject.application) if subject.application else None

    def _earlier(self, subject: Subject) -> frozenset[int] | None:
        """Return the issues of what runs there now under the same name; None where that is not known, or was not scanned."""
        found: set[int] = set()
        known = False
        for text in subject.replaces or self._located.images:
            other = resolve(self._visible, text)
            if other.name == self._reference.name and other.digest:
                told = (
                    self._known if other.digest == self._reference.digest else pictured(self._visible, other, self._now)
                )
                known = known or told.scanned
                found |= told.issues
        return frozenset(found) if known else None

    def gathered(self) -> Gathered:
        """Return the records."""
        known, before = self._known, self._before
        news = {number: None if before is None else number not in before for number in known.issues}
        told = [
            _placed(one, self._place, news[one.row.id])
            for one in _told(known.issues, self._around, self._wanted, self._now)
        ]
        # What matters first, so that a long list is cut at its end.
        told.sort(key=lambda one: (-one.row.risk, one.row.id))
        self._around.load([*([known.asset.pk] if known.asset is not None else []), *known.bases])
        notes = [self._reference.note] if self._reference.note else []
        if not known.scanned:
            notes.append(f"{known.reference.ref} was never scanned: its issues cannot be told")
        return Gathered(
            list(self._records(told)), self._application, self._reference.ref, tuple(sorted(known.runs.values())), len(known.issues),
            sum(1 for one in news.values() if one), before is not None, tuple(notes),
        )  # fmt: skip

    def _records(self, told: list[Told]) -> Iterator[Facts]:
        subjects, known, application = self._wanted.subjects, self._known, self._facts_of
        asset = self._around.asset(known.asset.pk) if known.asset is not None else None
        yield from _issues(told, self._wanted)
        if not known.scanned and "issue" in subjects:
            yield _nobody_knows(known.reference.ref, application, asset, self._place)
        if "deployment" in subjects:
            yield Facts(deployment=self._deployment(told), asset=asset, application=application)
        if "build" in subjects:
            yield Facts(build=known.build, asset=asset, application=application)
        if "drift" in subjects and known.drift is not None:
            reach = exposure(self._place.exposure)
            yield Facts(
                drift=replace(known.drift, workload=self._place.key or None, exposure=reach),
                asset=asset,
                application=application,
            )
        if "asset" in subjects:
            bases = [self._around.asset(number) for number in known.bases]
            yield from (Facts(asset=one, application=application) for one in (asset, *bases) if one is not None)
        yield from self._rest(asset)

    def _rest(self, asset: Asset | None) -> Iterator[Facts]:
        subjects, application = self._wanted.subjects, self._facts_of
        components = tuple(self._components()) if self._wanted.components or "component" in subjects else ()
        if "component" in subjects:
            yield from (Facts(component=one, asset=asset, application=application) for one in components)
        if "application" in subjects and application is not None:
            yield Facts(application=replace(application, components=components[:2_000] or None))
        if "scan" in subjects:
            rows = Scan.objects.filter(pk__in=list(self._known.runs.values())).select_related("stream").order_by("-id")
            yield from (Facts(scan=scan_of(row, self._now), asset=asset, application=application) for row in rows)
        if "coverage" in subjects and self._application is not None:
            yield from coverage_facts(self._visible, self._around, self._now)

    def _deployment(self, told: list[Told]) -> Deployment:
        place, build = self._place, self._known.build
        issues = tuple(one.facts.issue for one in told[:_MOST_ISSUES] if one.facts.issue is not None)
        return Deployment(
            ref=f"{place.key} {self._reference.ref}".strip(), workload=place.name or None, cluster=place.cluster or None,
            namespace=place.namespace or None, environment=place.environment or None, image=self._reference.name or None, digest=build.digest,
            exposure=exposure(place.exposure), privileged=place.privileged, runs_as_root=place.runs_as_root, host_network=place.host_network,
            declared=self._located.declared, issues=issues if self._known.scanned else None,
        )  # fmt: skip

    def _components(self) -> Iterator[Component]:
        """Yield what the newest inventory of this very digest lists, stream by stream."""
        seen: set[str] = set()
        for stream, scan in sorted(self._known.runs.items()):
            sbom = Sbom.objects.filter(scan__stream=stream, scan__lte=scan).order_by("-id").first()
            if sbom is None:
                continue
            rows = SbomComponent.objects.filter(sbom=sbom).order_by("id")
            listed = rows.values_list(
                "component__purl", "component__name", "component__version", "scope", "direct", "licences"
            )
            for purl, name, version, scope, direct, licences in listed[:_MOST_COMPONENTS]:
                if purl not in seen:
                    seen.add(purl)
                    yield component_of(purl, name, version, scope=scope, direct=direct, licences=licences)


def component_of(
    purl: str, name: str, version: str, *, scope: str = "", direct: bool | None = None, licences: Any = ()
) -> Component:
    """Return a component as facts."""
    stated = tuple(str(one) for one in licences) if isinstance(licences, list | tuple) else ()
    word = scope.lower()
    return Component(
        ref=purl or name, purl=purl or None, name=name, version=version or None, ecosystem=purl.removeprefix("pkg:").partition("/")[0] or None,
        licences=stated or None, licence_class=licence_class(stated), direct=direct, scope=scope or None,
        shipped=False if word in _ASIDE else True if word in _SHIPPED else None,
    )  # fmt: skip
