"""What a gate is asked about, as facts: issues out of reports, with what `seamark.yaml` says of where they stand. Knows no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from seamark.analysis import risk
from seamark.core.finding import Finding
from seamark.core.kind import Kind, Reach, Verification
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity
from seamark.governance.policy import facts as told
from seamark.governance.policy.classes import owasp, path_classes
from seamark.governance.policy.licences import licence_class
from seamark.intake.discovery.context import ApplicationContext, Money
from seamark.intake.reach.roles import is_test
from seamark.pipeline.correlated import Correlation
from seamark.pipeline.correlated import Issue as Found
from seamark.pipeline.gather import Gathered

FLAWS: Final = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST})
_FILES: Final = frozenset({Kind.CODE, Kind.SECRET, Kind.DEPENDENCY, Kind.MISCONFIGURATION, Kind.LICENCE})
_MOST: Final = 100
_MOST_COMPONENTS: Final = 2_000
_WORDS: Final = {severity.word: severity for severity in Severity}
_ASIDE: Final = frozenset({"development", "dev", "test", "optional", "excluded"})
_SHIPPED: Final = frozenset({"required", "runtime", "compile", "production"})
_REACHES: Final = tuple(Reach)


class Subject(NamedTuple):
    """An issue that is judged: as the reports have it, as policies see it, and where it begins."""

    found: Found
    facts: told.Facts
    line: int
    end_line: int
    fix: str


class Surroundings:
    """What the business says of where things stand; without a context nothing is known."""

    def __init__(self, context: ApplicationContext | None, name: str = "", folder: str = "") -> None:
        self._context = context
        self._folder = folder
        """The folder that the context speaks of, relative to the root of the source."""
        self.name = name or (context.metadata.name if context is not None else "")

    def application(self, issues: Sequence[Found], components: tuple[told.Component, ...]) -> told.Application:
        """Return the application."""
        counts = {
            "open_issues": len(issues), "critical_issues": sum(one.severity == "critical" for one in issues),
            "components": components[:_MOST_COMPONENTS] or None,
        }  # fmt: skip
        named = {"ref": self.name or None, "name": self.name or None}
        if self._context is None:
            return told.Application(**named, **counts)  # type: ignore[arg-type]
        spec = self._context.spec
        classes = tuple(name.upper() for name in spec.data_classes or ())
        frameworks = tuple(spec.compliance_scope or ())
        revenue = spec.revenue_per_hour.amount if isinstance(spec.revenue_per_hour, Money) else spec.revenue_per_hour
        tags = [f"tier-{spec.criticality}"] if spec.criticality else []
        unit = spec.business_unit
        return told.Application(
            **named, **counts, unit=unit, units=(unit,) if unit else None,  # type: ignore[arg-type]
            tags=(*tags, *frameworks, *(name.lower() for name in classes)), criticality=spec.criticality, exposure=spec.exposure,
            environment=spec.environment, data_classes=classes or None, sla_tier=spec.sla_tier, revenue_per_hour=revenue,
            compliance=frameworks or None,
        )  # fmt: skip

    def exposure(self, path: str) -> told.Exposure | None:
        """Return who can reach what a file is part of: the service with the longest folder around it, else the application."""
        if self._context is None:
            return None
        best, exposure = -1, self._context.spec.exposure
        for service in self._context.spec.services:
            folder = "/".join(part for part in (self._folder, service.path) if part not in {"", "."}).strip("/")
            inside = not folder or path == folder or path.startswith(f"{folder}/")
            if inside and path and len(folder) > best and service.exposure is not None:
                best, exposure = len(folder), service.exposure
        return exposure

    @property
    def environment(self) -> str | None:
        """Return where it runs."""
        return self._context.spec.environment if self._context is not None else None

    @property
    def weight(self) -> dict[str, Any]:
        """Return the facts of the application that the score looks at."""
        if self._context is None:
            return {}
        spec = self._context.spec
        return {
            "criticality": spec.criticality or 0, "data_classes": tuple(name.upper() for name in spec.data_classes or ()),
            "sla_tier": spec.sla_tier or "", "environment": spec.environment or "", "context": "seamark.yaml",
        }  # fmt: skip


def subjects(
    found: Correlation, reports: Gathered, findings: Sequence[Finding], around: Surroundings, new: Sequence[bool | None],
    since: Sequence[str], *, now: datetime, waived: bool | None = False, detailed: bool = True,
) -> list[Subject]:  # fmt: skip
    """Return the issues that no report sets aside, in the order of the correlation.

    `new` and `since` are by finding, in the reports' order. `waived` is what is known of exceptions: None where whoever keeps them
    cannot be asked. What single findings say is left out where it is not `detailed`.
    """
    at = {(one.report, one.number): number for number, one in enumerate(reports.told)}
    fixes = {issue: fix.title for fix in reversed(found.fixes) for issue in fix.issues}
    confirmed = {one.issue for one in found.corroborations}
    open_issues = [one for one in found.issues if not one.suppressed]
    members = [[at[item.report, item.index] for item in one.findings] for one in open_issues]
    application = around.application(open_issues, components_of(reports))
    made = [
        _Issue(one, [findings[number] for number in numbers], around, confirmed=one.id in confirmed)
        for one, numbers in zip(open_issues, members, strict=True)
    ]
    scores = _scores(made)
    assets: dict[tuple[str, told.Exposure | None], told.Asset] = {}
    listed = []
    for one, numbers, (score, priority) in zip(made, members, scores, strict=True):
        exposure = around.exposure(one.path)
        name = one.found.asset
        asset = assets.get((name, exposure))
        if asset is None:
            kind = "image" if name and "@" not in name and one.found.kind == Kind.CONTAINER.value else "repository"
            key = name or around.name or "."
            asset = assets[name, exposure] = told.Asset(
                ref=f"{kind}:{key}", kind=kind, key=key, name=key, exposure=exposure, environment=around.environment
            )
        issue = one.facts(
            risk_=score / 10, priority=priority, new=_newest([new[number] for number in numbers]),
            since=min((since[number] for number in numbers if since[number]), default=""), now=now, waived=waived, asset=asset,
            findings=tuple(_finding(reports, findings, number, new) for number in numbers[:_MOST]) if detailed else None,
        )  # fmt: skip
        facts = told.Facts(issue=issue, asset=asset, application=application)
        listed.append(Subject(one.found, facts, one.line, one.end_line, fixes.get(one.found.id, "")))
    return listed


def components_of(reports: Gathered, before: frozenset[str] | None = None) -> tuple[told.Component, ...]:
    """Return the components that inventories among the reports list; new are those that a baseline with inventories lacks."""
    found = []
    for key, one in sorted(reports.components.items()):
        scope = one.scope.lower()
        found.append(
            told.Component(
                ref=key, purl=one.purl or None, name=one.name, version=one.version or None,
                ecosystem=one.purl.removeprefix("pkg:").partition("/")[0] or None, licences=one.licences or None,
                licence_class=licence_class(one.licences), direct=one.direct, scope=one.scope or None,
                shipped=False if scope in _ASIDE else True if scope in _SHIPPED else None,
                new=None if before is None else key not in before,
            )
        )  # fmt: skip
    return tuple(found)


def _newest(told_of: Sequence[bool | None]) -> bool | None:
    """Return whether an issue is new: not where one of its findings was there; unknown where nothing is known of any."""
    if False in told_of:
        return False
    return True if True in told_of else None


def _finding(reports: Gathered, findings: Sequence[Finding], number: int, new: Sequence[bool | None]) -> told.Finding:
    finding, one = findings[number], reports.told[number]
    place = finding.location
    return told.Finding(
        ref=f"{one.report}#{one.number}", tool=reports.runs[one.run].tool, rule=finding.rule, kind=(finding.kind or Kind.CODE).value,
        severity=finding.severity, path=place.path if type(place) is CodeLocation else None, line=place.line if type(place) is CodeLocation else None,
        verified=finding.verification is Verification.VERIFIED, suppressed=finding.suppression is not None and finding.suppression.accepted,
        new=new[number],
    )  # fmt: skip


class _Issue:
    """One issue with what its findings say together."""

    def __init__(self, found: Found, members: list[Finding], around: Surroundings, *, confirmed: bool) -> None:
        self.found = found
        self._confirmed = confirmed
        lead = next(
            (one for one in members if one.title == found.title and one.severity.word == found.severity), members[0]
        )
        self._lead = lead
        place = lead.location
        coded = type(place) is CodeLocation
        self.path = place.path if coded else ""  # type: ignore[union-attr]
        self.line = (place.line or 0) if coded else 0  # type: ignore[union-attr]
        self.end_line = (place.end_line or self.line) if coded else 0  # type: ignore[union-attr]
        self.kind = Kind(found.kind)
        self._members = members
        if len(members) == 1:
            self._reach, self._verification, self._epss, self._confidence = (
                lead.reach,
                lead.verification,
                lead.epss,
                lead.confidence,
            )
        else:
            self._reach = max((one.reach for one in members if one.reach is not None), key=_alarm, default=None)
            self._verification = _verified(members)
            self._epss = max((one.epss for one in members if one.epss is not None), default=None)
            self._confidence = next((one.confidence for one in members if one.confidence is not None), None)
        self._fixable = any(one.fixed_versions or one.patches for one in members)
        scopes = {one.component.scope if one.component is not None else "" for one in members}
        self._development = scopes <= {"development", "dev"}
        self._test = scopes == {"test"} or (self.kind in _FILES and bool(self.path) and _is_test(self.path))
        self.weight = self._weight(around)

    def _weight(self, around: Surroundings) -> risk.Facts:
        scores = [rating.score for one in self._members for rating in one.cvss if rating.score is not None]
        state = ""
        if self.kind is Kind.SECRET and self._verification is not None:
            state = {Verification.VERIFIED: "valid", Verification.REFUTED: "revoked"}.get(self._verification, "")
        return risk.Facts(
            severity=self._lead.severity, kind=self.kind, cvss=round(max(scores) * 10) if scores else None, epss=self._epss,
            verification=self._verification, confidence=self._confidence, reach=self._reach, development=self._development, test=self._test,
            fixable=self._fixable, tools=len(self.found.tools), exposure=around.exposure(self.path) or "", secret_state=state,
            cwe=self.found.cwes[0] if self.found.cwes else 0, **around.weight,
        )  # fmt: skip

    def facts(
        self, *, risk_: float, priority: int, new: bool | None, since: str, now: datetime, waived: bool | None, asset: told.Asset,
        findings: tuple[told.Finding, ...] | None,
    ) -> told.Issue:  # fmt: skip
        """Return the issue as policies see it. What only a server knows is left out."""
        found, kind = self.found, self.kind
        cwe = found.cwes[0] if found.cwes else None
        opened = since or (_text(now) if new else "")
        verification = self._verification.value if self._verification is not None else None
        # What is no flaw in a package stands in no catalogue; of the others only a server knows.
        listed = None if kind in FLAWS else False
        return told.Issue(
            ref=found.id, title=found.title, kind=kind.value, severity=_WORDS[found.severity], risk=risk_, priority=priority, state="open",
            open=True, new=new, regression=False if new is False else None, waived=waived, rule=self._lead.rule, tools=found.tools,
            vulnerabilities=found.vulnerabilities, cwe=cwe, owasp=owasp(cwe) if cwe else None, kev=listed, ransomware=listed, epss=self._epss,
            component=" ".join((found.component.name, *found.component.versions)) if found.component is not None else None,
            path=self.path or found.place or None, line=self.line or None,
            path_classes=path_classes(self.path) if kind in _FILES and self.path else None, fixable=self._fixable,
            reach=self._reach.value if self._reach is not None else None, verification=verification,  # type: ignore[arg-type] # the words are the same
            confidence=self._confidence.value if self._confidence is not None else None, development=self._development, test=self._test,
            corroborated=self._confirmed, environment=asset.environment, opened_at=opened or None, age_days=_age(opened, now),
            findings=findings, assets=(asset,),
        )  # fmt: skip


_is_test = lru_cache(maxsize=65536)(is_test)


def _alarm(reach: Reach) -> int:
    return -_REACHES.index(reach)


def _verified(members: Sequence[Finding]) -> Verification | None:
    said = {one.verification for one in members}
    return next((one for one in Verification if one in said), None)


def _scores(issues: Sequence[_Issue]) -> Iterator[tuple[int, int]]:
    """Yield score in tenths and priority of each issue; thousands share a handful of inputs."""
    profile = risk.default_profile()
    unique = list(dict.fromkeys(one.weight for one in issues))
    scores = dict(zip(unique, risk.score(unique, profile).tolist(), strict=True)) if unique else {}
    for one in issues:
        score = scores[one.weight]
        yield score, profile.priority(score)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _age(opened: str, now: datetime) -> int | None:
    try:
        then = datetime.fromisoformat(opened)
    except ValueError:
        return None
    return max((now - then).days, 0) if then.tzinfo is not None else None
