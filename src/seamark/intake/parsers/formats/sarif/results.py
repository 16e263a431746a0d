"""From a SARIF result to a finding."""

from __future__ import annotations

from typing import Any

from seamark.intake.parsers.formats.sarif import texts
from seamark.intake.parsers.formats.sarif.details import (
    changes,
    elsewhere,
    exchange,
    flow,
    suppression,
)
from seamark.intake.parsers.formats.sarif.packages import Found, find_package
from seamark.intake.parsers.formats.sarif.places import Places, is_web
from seamark.intake.parsers.formats.sarif.rules import (
    LEVELS,
    LEVELS_OF,
    Facts,
    RuleBook,
    no_cwes,
    said_confidence,
    said_cwes,
    said_severity,
    security_severity,
    words,
)
from seamark.intake.parsers.formats.sarif.shape import Place, Row
from seamark.intake.parsers.formats.sarif.tools import IDENTITY_IS_PERSONAL, ONE_LEVEL
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    ImageLocation,
    Kind,
    Location,
    ResourceLocation,
    Run,
    Severity,
    WebLocation,
    references,
    vulnerability_ids,
)

NO_FINDINGS = frozenset({"pass", "notApplicable", "informational"})
"""Kinds of results that report no problem (section 3.27.9). All others are findings, also those that are misspelt."""
_TITLE = 160
_TRIVY = "Artifact: "
"""How the messages of Trivy's misconfigurations and secrets start: a list of facts, not a sentence."""
_WITHHELD = "requires login"
"""What Semgrep writes in place of a fingerprint."""


class Findings:
    """Makes the findings of one run."""

    def __init__(self, run: Run, rules: RuleBook, places: Places) -> None:
        self._run = run
        self._one_level = run.tool.lower() in ONE_LEVEL
        self._levels = LEVELS_OF.get(run.tool.lower().replace(" ", ""), LEVELS)
        self._rules = rules
        self._places = places

    def finding(self, row: Row) -> Finding | None:
        """Return the finding of a result, or None where the result reports no problem that is there."""
        if row.kind in NO_FINDINGS or row.baseline_state == "absent":
            return None
        facts = self._rules.facts(row.rule_id, row.rule_index, row.rule)
        if not facts.id and row.message is not None:
            facts = self._rules.facts(self._rules.guess(row.message.text or ""), -1, None)
        said = row.message
        text = said.text if said is not None else None
        if text is None or "](" in text or (said is not None and said.arguments):
            text = texts.resolve(said, facts.messages, facts.shared_messages)
        if len(text) <= _TITLE and "\n" not in text and "](" not in text:
            title = text
        elif text.startswith(_TRIVY):
            title = texts.labelled(text, "Message: ") or facts.title
        else:
            title = texts.headline(text)
        places = row.locations
        location = self._location(row, places[0] if places else None)
        severity, given = self._severity(row, facts)
        prints = _fingerprints(row, facts)
        bag = row.properties
        finding = Finding(
            rule=facts.id,
            title=title or facts.title or facts.id,
            severity=severity,
            severity_given=given,
            kind=Kind.WEB if type(location) is WebLocation else facts.kind,
            location=location,
            about=facts.about,
            description=text if text != title else "",
            confidence=facts.confidence if bag is None else said_confidence(bag) or facts.confidence,
            cwes=facts.cwes if row.taxa is None and (bag is None or no_cwes(bag)) else self._cwes(row, facts),
            vulnerabilities=facts.vulnerabilities,
            fingerprints=prints,
            baseline=row.baseline_state or "",
        )
        more = self._more(row, facts, finding)
        if more:
            return _with(finding, more)
        return finding

    def _location(self, row: Row, place: Place | None) -> Location | None:
        if place is not None:
            if place.physical_location is None:
                logical = self._places.logical(place)
                if logical is not None and logical.kind == "resource":
                    return ResourceLocation(resource=self._places.scope(place))
            code = self._places.code(place)
            if code.path[:4] == "http" and is_web(code.path):
                return WebLocation(url=code.path, method=_method(row))
            if code.path or row.web_request is None:
                if code.path or row.analysis_target is None:
                    return code if code.path or code.scope else None
                return CodeLocation(path=self._places.path(row.analysis_target), scope=code.scope)
        if row.web_request is not None and row.web_request.target:
            return WebLocation(url=row.web_request.target, method=_method(row))
        if row.analysis_target is not None:
            path = self._places.path(row.analysis_target)
            return WebLocation(url=path) if is_web(path) else CodeLocation(path=path)
        return None

    def _severity(self, row: Row, facts: Facts) -> tuple[Severity, str]:
        bag = row.properties
        if bag is not None and bag.security_severity is not None:
            scored = security_severity(bag)
            if scored is not None:
                return scored
        if facts.severity is not None:
            return facts.severity, facts.severity_given
        if bag is not None:
            scored = said_severity(bag)
            if scored is not None:
                return scored
        level = row.level
        if self._one_level:
            return (Severity.HIGH if facts.kind is Kind.SECRET else Severity.MEDIUM), ""
        if level is not None:
            return self._levels.get(level, Severity.MEDIUM), level
        if facts.level_given:
            return self._levels.get(facts.level, Severity.MEDIUM), facts.level
        rank = row.rank if row.rank >= 0 else facts.rank
        if rank >= 0:
            return Severity.from_cvss(rank / 10), f"{rank:g}"
        return Severity.MEDIUM, ""

    def _cwes(self, row: Row, facts: Facts) -> tuple[int, ...]:
        own = said_cwes(row.properties)
        if row.taxa:
            own = (*own, *self._rules.taxa(row.taxa))
        return tuple(dict.fromkeys((*facts.cwes, *own))) if own else facts.cwes

    def _more(self, row: Row, facts: Facts, finding: Finding) -> dict[str, Any]:
        """Return the fields that only few results fill."""
        more: dict[str, Any] = {}
        if row.code_flows or row.stacks:
            more["flow"] = flow(row, self._places, facts)
        if row.fixes:
            more["patches"] = changes(row.fixes, self._places)
        if row.suppressions:
            more["suppression"] = suppression(row.suppressions)
        if row.related_locations or (row.locations is not None and len(row.locations) > 1):
            also = elsewhere(row, self._places, facts)
            if also:
                more["description"] = f"{finding.description or finding.title}\n\n{also}"
        if type(finding.location) is WebLocation and (seen := _evidence(row)):
            more["description"] = f"{finding.description or finding.title}\n\nEvidence: {seen}"
        if row.web_request is not None or row.web_response is not None:
            more["exchange"] = exchange(row.web_request, row.web_response)
        if row.hosted_viewer_uri or row.work_item_uris:
            more["references"] = references(row.hosted_viewer_uri, row.work_item_uris)
        if row.properties is not None and row.properties.tags:
            more["tags"] = words(row.properties.tags)
        if facts.cvss:
            more["cvss"] = facts.cvss
        if facts.is_vulnerability:
            more.update(self._vulnerability(row, facts, finding))
        elif row.properties is not None and row.properties.cve:
            more["vulnerabilities"] = vulnerability_ids(facts.vulnerabilities, words(row.properties.cve))
        if finding.kind is Kind.SECRET:
            more.update(_secret(row, finding.location))
        return more

    def _vulnerability(self, row: Row, facts: Facts, finding: Finding) -> dict[str, Any]:
        """Return what is said about a package with a known vulnerability."""
        place = row.locations[0] if row.locations else None
        bag = row.properties
        logical = self._places.scope(place) if place is not None else ""
        beside = (place.message.text or "") if place is not None and place.message is not None else ""
        message = (row.message.text or "") if row.message is not None else ""
        purls = (bag.purl or bag.purls) if bag is not None else None
        if purls is None and facts.properties is not None:
            purls = facts.properties.purls or facts.properties.purl
        found = find_package(purls, logical, message, beside, facts.help)
        more: dict[str, Any] = {}
        rule = facts.id
        if found.component is not None:
            more["component"] = found.component
            rule = rule.removesuffix(f"-{found.component.name}")
            more["rule"] = rule
        aliases = vulnerability_ids(
            rule, facts.vulnerabilities if rule == facts.id else None, message.split("\n", 1)[0][:200]
        )
        more["vulnerabilities"] = aliases or facts.vulnerabilities
        fixed = found.fixed or (words(facts.properties.fixed_version) if facts.properties is not None else ())
        if fixed:
            more["fixed_versions"] = tuple(text for text in fixed if text.lower() != "not fixed")
        if finding.kind is Kind.DEPENDENCY and (found.of_system or found.image):
            more["kind"] = Kind.CONTAINER if found.of_system else Kind.DEPENDENCY
        more.update(self._image(found, finding, more.get("kind", finding.kind), beside))
        title = facts.title if facts.title and facts.title not in {facts.id, facts.about.name} else ""
        if not title:
            title = f"{rule} in {found.component.name}" if found.component is not None else rule
        more["title"] = title
        if not finding.description and finding.title != title:
            more["description"] = finding.title
        return more

    def _image(self, found: Found, finding: Finding, kind: Kind | None, beside: str) -> dict[str, Any]:
        """Return the image as the place of a vulnerability that was found in one."""
        location = finding.location
        path = location.path if isinstance(location, CodeLocation) else ""
        image = self._run.image or found.image
        if not image and kind is Kind.CONTAINER and path and beside.startswith(f"{path}: "):
            image = path  # Trivy names the image where others name a file.
        if not image:
            return {}
        if path == image or (kind is Kind.CONTAINER and path in image):
            path = ""
        path = path.removeprefix(f"{image}/")
        return {"location": ImageLocation(image=image, digest=self._run.image_digest, path=path)}


def _with(finding: Finding, more: dict[str, Any]) -> Finding:
    """Return the finding with more fields."""
    known = {name: getattr(finding, name) for name in finding.__struct_fields__}
    return Finding(**{**known, **more})


def _fingerprints(row: Row, facts: Facts) -> tuple[tuple[str, str], ...]:
    own, partial = row.fingerprints, row.partial_fingerprints
    found: list[tuple[str, str]] = []
    if own:
        for name, value in own.items():
            if value is not None and value != _WITHHELD:
                found.append((name, value if type(value) is str else str(value)))
    if partial:
        for name, value in partial.items():
            if value is not None and name not in IDENTITY_IS_PERSONAL:
                found.append((name, value if type(value) is str else str(value)))
    if row.correlation_guid:
        found.append(("correlationGuid", row.correlation_guid))
    if row.rule_id is not None and row.rule_id != facts.id:
        found.append(("ruleId", row.rule_id))
    return tuple(found)


def _evidence(row: Row) -> str:
    """Return the piece of a web page that the tool shows as its proof."""
    physical = row.locations[0].physical_location if row.locations else None
    region = physical.region if physical is not None else None
    return (region.snippet.text or "").strip() if region is not None and region.snippet is not None else ""


def _method(row: Row) -> str:
    return (row.web_request.method or "").upper() if row.web_request is not None else ""


def _secret(row: Row, location: Location | None) -> dict[str, Any]:
    """Return the secret in plain text, for the kit to mask; a snippet that may hold one nobody can cut out is dropped."""
    snippet = location.snippet if isinstance(location, CodeLocation) else ""
    offender = row.properties.offender if row.properties is not None else None
    if isinstance(offender, str) and offender:
        return {"secret": offender}
    if not snippet.strip() or "***" in snippet:
        return {}
    if len(snippet.split()) == 1 or snippet.lstrip().startswith("-----BEGIN"):
        return {"secret": snippet.strip()}
    assert isinstance(location, CodeLocation)  # noqa: S101 - only there is a snippet
    return {"location": _without_snippet(location)}


def _without_snippet(location: CodeLocation) -> CodeLocation:
    return CodeLocation(
        path=location.path,
        line=location.line,
        column=location.column,
        end_line=location.end_line,
        end_column=location.end_column,
        scope=location.scope,
    )
