"""What is known of the components of an SBOM that was sent along: vulnerable or not, by advisories, scanners and catalogues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.conf import settings
from msgspec.structs import replace

from seamark.analysis import risk
from seamark.analysis.software.matching import match
from seamark.analysis.software.matching import wanted as keys_of
from seamark.core.component import Component, display_name, package_key, parse_purl
from seamark.core.errors import SeamarkError
from seamark.core.finding import Finding
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.sbom import Entry, Sbom
from seamark.core.severity import Severity
from seamark.governance.policy.classes import owasp
from seamark.governance.policy.facts import Application, Asset, Facts, Issue
from seamark.pipeline.declared import exposure
from seamark.pipeline.deployment.advisories import advisories_about
from seamark.pipeline.deployment.gather import Asking, Gathered, application_named, component_of
from seamark.pipeline.deployment.places import located
from seamark.pipeline.deployment.subject import Subject
from seamark.pipeline.facts.around import Around
from seamark.store import evidence, models
from seamark.store.access import Visible
from seamark.store.models import Exploitation, VulnerabilityName
from seamark.store.models import Issue as IssueRow

MOST: Final = 50_000
"""Components of one SBOM."""
_FLAWS: Final = (KIND_CODES[Kind.DEPENDENCY], KIND_CODES[Kind.CONTAINER])
_MOST_ISSUES: Final = 20_000
_SHOWN: Final = 5


class _Flaw(NamedTuple):
    """A vulnerability in a component."""

    component: Component
    names: tuple[str, ...]
    title: str
    severity: Severity
    cvss: int | None
    cwe: int
    fixed: bool


def entries_of(purls: Iterable[str]) -> list[Entry]:
    """Return package URLs as components. Raises `SeamarkError` for what is none."""
    found = []
    for text in dict.fromkeys(purls):
        parsed = parse_purl(text)
        if parsed is None:
            raise SeamarkError(f"{text[:200]!r} is no package URL")
        found.append(
            Entry(component=Component(name=display_name(text) or parsed.name, version=parsed.version or "", purl=text))
        )
    return found


def gather_software(
    visible: Visible, entries: Sequence[Entry], subject: Subject, wanted: Asking, now: datetime, *, about: str = ""
) -> Gathered:  # fmt: skip
    """Return the records about components. What cannot be looked up is told, and makes policies on issues undecided.

    Raises `SeamarkError` for more than 50,000 components, `NotFound` for an unknown application.
    """
    if len(entries) > MOST:
        raise SeamarkError(f"An SBOM may have {MOST:,} components, this one has {len(entries):,}")
    application = application_named(visible, subject.application) if subject.application else None
    around = Around(visible, now, [application.pk] if application is not None else [])
    told = around.applications.get(application.pk) if application is not None else None
    place = located(visible, subject.place).place
    reach = exposure(place.exposure) or (told.exposure if told is not None else None)
    asset = Asset(
        ref=about or None, kind="image" if subject.image else "application", name=about or None, exposure=reach,
        environment=place.environment or (told.environment if told is not None else None), sbom=True,
    )  # fmt: skip
    loaded = advisories_about(keys_of(entries), Path(settings.SEAMARK_HOME) / "feeds")
    matched = match(entries, loaded.advisories)
    unplaced = {one.component for one in matched.unplaced}
    unplaced |= {one.component for one in entries if _ecosystem(one.component) not in loaded.ecosystems}
    flaws = _distinct([*map(_of_finding, matched.findings), *_seen(visible, [one.component for one in entries])])
    records = list(_issues(flaws, told, asset, now)) if wanted.subjects & {"issue"} else []
    components = tuple(_component(one) for one in entries)
    if unplaced and "issue" in wanted.subjects:
        records.append(
            Facts(
                issue=Issue(ref=_several(unplaced), open=True, waived=False, kind="dependency"),
                asset=asset,
                application=told,
            )
        )
    if "component" in wanted.subjects:
        records += [Facts(component=one, asset=asset, application=told) for one in components]
    if "application" in wanted.subjects and told is not None:
        records.append(Facts(application=replace(told, components=components[:2_000])))
    notes = (_note(unplaced, loaded.ecosystems),) if unplaced else ()
    return Gathered(
        records, application, about or f"SBOM of {len(entries):,} components", issues=len(flaws), notes=notes
    )


def _component(entry: Entry) -> Any:
    one = entry.component
    return component_of(one.purl, one.name, one.version, scope=one.scope, direct=one.direct, licences=one.licences)


def _ecosystem(component: Component) -> str:
    return component.purl.removeprefix("pkg:").partition("/")[0]


def _several(components: Iterable[Component]) -> str:
    purls = sorted(one.purl or one.name for one in components)
    return purls[0] if len(purls) == 1 else f"{purls[0]} and {len(purls) - 1} more"


def _note(unplaced: Iterable[Component], ecosystems: frozenset[str]) -> str:
    names = sorted(one.purl or one.name for one in unplaced)
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    have = ", ".join(sorted(ecosystems)) or "no ecosystem (`seamark intel update osv` fetches them)"
    return f"Nothing can be told of {shown}: advisories are loaded of {have}"


def _of_finding(finding: Finding) -> _Flaw:
    scores = [one.score for one in finding.cvss if one.score is not None]
    return _Flaw(
        finding.component or Component(name=""), finding.vulnerabilities, finding.title, finding.severity,
        round(max(scores) * 10) if scores else None, finding.cwes[0] if finding.cwes else 0, bool(finding.fixed_versions),
    )  # fmt: skip


def _seen(visible: Visible, components: Sequence[Component]) -> Iterator[_Flaw]:
    """Yield what scanners reported of the very same packages anywhere, whatever became of it there."""
    by_text: dict[str, list[Component]] = defaultdict(list)
    for one in components:
        parsed = parse_purl(one.purl) if one.purl and one.version else None
        if parsed is not None:
            # Tools name a package with its namespace or without.
            for name in {one.name, parsed.name, display_name(one.purl)}:
                by_text[f"{name} {one.version}".strip()[:500]].append(one)
    texts = sorted(by_text)
    for at in range(0, len(texts), 500):
        rows = visible.issues().filter(component__in=texts[at : at + 500], kind__in=_FLAWS, vulnerability__isnull=False)
        issues = list(
            rows.order_by("id").only("id", "component", "vulnerability", "title", "severity", "cwe", "fixable")[
                :_MOST_ISSUES
            ]
        )
        yield from _confirmed(issues, by_text)


def _confirmed(issues: Sequence[IssueRow], by_text: dict[str, list[Component]]) -> Iterator[_Flaw]:
    """Yield those issues whose findings name the same package URL: equal names of other ecosystems are others."""
    rows = models.Finding.objects.filter(issue__in=[one.pk for one in issues]).order_by("issue", "-id")
    one_each = {row.issue_id: row for row in rows}
    full = evidence.read(one_each.values(), texts=False)
    names: dict[int, list[str]] = defaultdict(list)
    groups = {one.vulnerability_id for one in issues}
    for group, name in VulnerabilityName.objects.filter(group__in=groups).order_by("name").values_list("group", "name"):
        names[group].append(name)
    for issue in issues:
        row = one_each.get(issue.pk)
        found = full.get(row.pk) if row is not None else None
        purl = found.component.purl if found is not None and found.component is not None else ""
        for component in by_text.get(issue.component, ()):
            if purl and package_key(purl) == package_key(component.purl):
                yield _Flaw(
                    component, tuple(names[issue.vulnerability_id or 0]), issue.title, Severity(issue.severity), None, issue.cwe or 0, issue.fixable
                )  # fmt: skip


def _distinct(flaws: Iterable[_Flaw]) -> list[_Flaw]:
    """Return each flaw of a component once: what shares a name is the same."""
    kept: dict[Component, list[_Flaw]] = defaultdict(list)
    for one in flaws:
        mine = kept[one.component]
        if not any(set(one.names) & set(other.names) for other in mine):
            mine.append(one)
    return [one for several in kept.values() for one in several]


def _issues(flaws: Sequence[_Flaw], application: Application | None, asset: Asset, now: datetime) -> Iterator[Facts]:
    wanted = sorted({name for one in flaws for name in one.names})
    known: dict[str, Exploitation] = {}
    for at in range(0, len(wanted), 500):
        known |= {row.name: row for row in Exploitation.objects.filter(name__in=wanted[at : at + 500])}
    asked = Exploitation.objects.exists()
    told = [_Told(one, [known[name] for name in one.names if name in known], asked=asked) for one in flaws]
    profile = risk.default_profile()
    scores = risk.score([one.weight(asset, application) for one in told], profile).tolist() if told else []
    for one, score in sorted(zip(told, scores, strict=True), key=lambda pair: -pair[1]):
        yield Facts(issue=one.issue(score, profile.priority(score), asset, now), asset=asset, application=application)


class _Told:
    """A flaw with what catalogues say of its names."""

    def __init__(self, flaw: _Flaw, known: Sequence[Exploitation], *, asked: bool) -> None:
        self.flaw, self._known, self._asked = flaw, known, asked
        self._epss = max((one.epss for one in known if one.epss is not None), default=None)
        self._listed = min((one.kev_added for one in known if one.kev_added is not None), default=None)
        self._ransomware = any(one.ransomware for one in known)

    def weight(self, asset: Asset, application: Application | None) -> risk.Facts:
        """Return what the score looks at."""
        flaw = self.flaw
        return risk.Facts(
            severity=flaw.severity, kind=Kind.DEPENDENCY, cvss=flaw.cvss, epss=self._epss, kev_added=self._listed.isoformat() if self._listed else "",
            ransomware=self._ransomware, fixable=flaw.fixed, cwe=flaw.cwe, exposure=asset.exposure or "", environment=asset.environment or "",
            criticality=(application.criticality or 0) if application is not None else 0, intelligence="loaded" if self._asked else "",
        )  # fmt: skip

    def issue(self, score: int, priority: int, asset: Asset, now: datetime) -> Issue:
        """Return it as policies see it."""
        flaw = self.flaw
        due = min((one.kev_due for one in self._known if one.kev_due is not None), default=None)
        name = next((one for one in flaw.names if one.startswith("CVE-")), flaw.names[0] if flaw.names else flaw.title)
        exploited = self._listed is not None
        return Issue(
            ref=f"{name} in {flaw.component.purl}", title=flaw.title, kind="dependency", severity=flaw.severity, risk=score / 10, priority=priority,
            state="open", open=True, waived=False, vulnerabilities=flaw.names, cwe=flaw.cwe or None, owasp=owasp(flaw.cwe) if flaw.cwe else None,
            kev=exploited or (False if self._asked else None), ransomware=self._ransomware or (False if self._asked else None), epss=self._epss,
            kev_overdue_days=(now.date() - due).days if due is not None else None, component=f"{flaw.component.name} {flaw.component.version}".strip(),
            fixable=flaw.fixed, environment=asset.environment,
        )  # fmt: skip


def named(sbom: Sbom) -> str:
    """Return what a document says that it is about; empty where it does not say it."""
    subject = sbom.subject.component if sbom.subject is not None else None
    return f"{subject.name} {subject.version}".strip() if subject is not None else ""
