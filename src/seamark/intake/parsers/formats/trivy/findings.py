"""One of Trivy's results to findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from seamark.intake.parsers.formats.trivy import model
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    FlowStep,
    HostLocation,
    ImageLocation,
    Kind,
    Location,
    Reading,
    ResourceLocation,
    Rule,
    Suppression,
    Vex,
    VexState,
    cwe_ids,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import (
    DependencyGraph,
    graded,
    identifiers,
    of_system,
    package,
    purl_type,
    rating,
)
from seamark.intake.parsers.kit.recent import Recent

_DISTRIBUTION = re.compile(r" \([^()]* [^()]*\)$")
_WORDS = frozenset({"Java", "Node.js", "Python", "Ruby", "Conda", "Rust", "PHP"})
_VEX_STATES = {
    "not_affected": VexState.NOT_AFFECTED,
    "affected": VexState.AFFECTED,
    "fixed": VexState.FIXED,
    "under_investigation": VexState.UNDER_INVESTIGATION,
}


class Subject(Struct, frozen=True, kw_only=True):
    """What was looked at: an image, a directory, a virtual machine, a resource of a cluster."""

    image: str = ""
    digest: str = ""
    host: str = ""
    resource: str = ""
    resource_type: str = ""
    tags: tuple[str, ...] = ()


def image_of(target: str) -> str:
    """Return the image in an operating system's target (`registry/app:1.0 (debian 12.4)`)."""
    return _DISTRIBUTION.sub("", target)


class Findings:
    """Turns results into findings. Holds the texts of rules, which all findings of a rule share."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._rules: Recent[str, Rule] = Recent()
        self._packages: dict[str, model.Package] = {}
        self._graph = DependencyGraph()

    def of(self, result: model.Result, subject: Subject) -> Iterator[Finding]:
        """Yield all findings of a result."""
        self._inventory(result)
        rows = self._reading.rows(
            result.vulnerabilities, model.Vulnerability, where=f"$.Results[{result.target}].Vulnerabilities"
        )
        for vulnerability in rows:
            yield self._vulnerability(vulnerability, result, subject)
        for misconfiguration in result.misconfigurations or ():
            if misconfiguration.status == "FAIL":
                yield self._misconfiguration(misconfiguration, result, subject)
        for secret in result.secrets or ():
            yield self._secret(secret, result, subject)
        for licence in result.licenses or ():
            yield self._licence(licence, result, subject)
        for modified in result.modified or ():
            yield from self._set_aside(modified, result, subject)

    def _inventory(self, result: model.Result) -> None:
        self._packages, self._graph = {}, DependencyGraph()
        for row in self._reading.rows(result.packages, model.Package, where=f"$.Results[{result.target}].Packages"):
            key = row.id or f"{row.name}@{row.version}"
            self._packages[key] = row
            if row.relationship == "direct" or (not row.relationship and row.depends_on and not row.indirect):
                self._graph.direct(key)
            if row.relationship not in {"root", "workspace"}:
                for child in row.depends_on or ():
                    self._graph.add(key, child)

    def _vulnerability(self, row: model.Vulnerability, result: model.Result, subject: Subject) -> Finding:
        ratings = _ratings(row)
        key, known = "", None
        if self._packages:
            key = row.pkg_id or f"{row.pkg_name}@{row.installed_version}"
            known = self._packages.get(key)
        identifier = row.pkg_identifier or (known.identifier if known else None)
        component = package(result.type, row.pkg_name, row.installed_version, identifier.purl if identifier else "")
        if known is not None:
            component = self._described(component, key, known)
        name = row.vulnerability_id or "unidentified"
        rule = self._advisory(row, name)
        system = result.result_class.startswith("os-pkgs") or (
            not result.result_class and of_system(purl_type(result.type))
        )
        ways = self._graph.ways(key) if known else ()
        return Finding(
            rule=name,
            title=row.title or f"{name} in {row.pkg_name}",
            severity=graded(row.severity, ratings),
            severity_given=row.severity,
            kind=(Kind.HOST if subject.host else Kind.CONTAINER) if system else Kind.DEPENDENCY,
            location=self._of_package(row, known, result, subject, system=system),
            component=component,
            about=rule,
            description="" if row.description == rule.description else row.description,
            cwes=cwe_ids(*row.cwe_ids) if row.cwe_ids else (),
            vulnerabilities=identifiers(row.vulnerability_id, row.vendor_ids),
            cvss=ratings,
            fixed_versions=_listed(row.fixed_version),
            dependency_paths=ways,
            fingerprints=(("trivy", row.fingerprint),) if row.fingerprint else (),
            tags=_tagged(subject.tags, row.status) if row.status else subject.tags,
        )

    def _described(self, component: Component, key: str, known: model.Package) -> Component:
        direct = None
        if known.relationship in {"direct", "indirect"}:
            direct = known.relationship == "direct"
        scope = "development" if known.dev else ""
        if direct is None and not scope and not known.licenses:
            return component
        return replace(component, ref=key, direct=direct, scope=scope, licences=tuple(known.licenses or ()))

    def _of_package(
        self,
        row: model.Vulnerability,
        known: model.Package | None,
        result: model.Result,
        subject: Subject,
        *,
        system: bool,
    ) -> Location | None:
        if subject.host and system:
            return HostLocation(host=subject.host)
        path = row.pkg_path or ("" if system else _lock_file(result))
        if subject.image:
            return _in_image(subject, row.layer, path)
        if subject.resource and not path:
            return ResourceLocation(resource=subject.resource, type=subject.resource_type)
        line = known.locations[0] if known and known.locations else None
        if not path:
            return None
        # A jar's line numbers mean nothing; those of a lock file are the package's entry in it.
        return (
            CodeLocation(path=path, line=line.start_line, end_line=line.end_line) if line else CodeLocation(path=path)
        )

    def _advisory(self, row: model.Vulnerability, name: str) -> Rule:
        rule = self._rules.get(name)
        if rule is None:
            rule = Rule(
                id=name,
                title=row.title,
                description=row.description,
                references=references(row.primary_url, row.references),
            )
            self._rules.keep(name, rule)
        return rule

    def _misconfiguration(self, row: model.Misconfiguration, result: model.Result, subject: Subject) -> Finding:
        rule = self._rules.get(row.id)
        if rule is None:
            rule = Rule(
                id=row.id,
                title=row.title,
                description=row.description,
                remedy=row.resolution,
                references=references(row.primary_url, row.references),
                tags=tuple(text for text in (row.avd_id, row.type, row.namespace) if text and text != row.id),
            )
            self._rules.keep(row.id, rule)
        cause = row.cause_metadata or model.Cause()
        steps = tuple(
            FlowStep(
                CodeLocation(
                    path=step.filename, line=step.location.start_line if step.location else None, scope=step.resource
                )
            )
            for step in cause.occurrences or ()
            if step.filename
        )
        location, code = _of_cause(cause, row, result, subject)
        return Finding(
            rule=row.id,
            title=row.title or row.message or row.id,
            severity=severity(row.severity),
            severity_given=row.severity,
            kind=Kind.MISCONFIGURATION,
            location=location,
            about=rule,
            description="\n\n".join(text for text in (row.message, code) if text),
            flow=steps,
            tags=subject.tags,
        )

    def _secret(self, row: model.Secret, result: model.Result, subject: Subject) -> Finding:
        rule = self._rules.get(row.rule_id)
        if rule is None:
            rule = Rule(id=row.rule_id, title=row.title, tags=(row.category,) if row.category else ())
            self._rules.keep(row.rule_id, rule)
        location: Location
        description = ""
        if subject.image:
            location = _in_image(subject, row.layer, result.target)
            description = f"Line {row.start_line}: {row.match}"
        else:
            location = CodeLocation(path=result.target, line=row.start_line, end_line=row.end_line, snippet=row.match)
        return Finding(
            rule=row.rule_id,
            title=row.title or row.rule_id,
            severity=severity(row.severity),
            severity_given=row.severity,
            kind=Kind.SECRET,
            location=location,
            about=rule,
            description=description,
            tags=subject.tags,
        )

    def _licence(self, row: model.Licence, result: model.Result, subject: Subject) -> Finding:
        path = row.file_path or ("" if row.pkg_name else result.target)
        location: Location | None = None
        if subject.image:
            location = _in_image(subject, None, path)
        elif path or not row.pkg_name:
            location = CodeLocation(path=path)
        elif result.result_class != "license":
            location = CodeLocation(path=result.target)
        about = f"{row.name} licence" + (f" ({row.category})" if row.category else "")
        return Finding(
            rule=row.name,
            title=f"{about} of {row.pkg_name}" if row.pkg_name else about,
            severity=severity(row.severity, severity("low")),
            severity_given=row.severity,
            kind=Kind.LICENCE,
            location=location,
            component=Component(name=row.pkg_name, licences=(row.name,)) if row.pkg_name else None,
            references=references(row.link),
            tags=(*subject.tags, row.category) if row.category else subject.tags,
        )

    def _set_aside(self, row: model.Modified, result: model.Result, subject: Subject) -> Iterator[Finding]:
        decoder = model.RAW_FINDINGS.get(row.type)
        if decoder is None:
            return
        decoded: Any = decoder.decode(row.finding)
        make: Any = {
            "vulnerability": self._vulnerability,
            "misconfiguration": self._misconfiguration,
            "secret": self._secret,
            "license": self._licence,
        }[row.type]
        finding: Finding = make(decoded, result, subject)
        reason = row.statement or row.source
        state = _VEX_STATES.get(row.status)
        vex = Vex(state=state, justification=row.statement, detail=row.source) if state else None
        yield replace(finding, suppression=Suppression(origin="tool", justification=reason), vex=vex)


@lru_cache(maxsize=256)
def _tagged(tags: tuple[str, ...], status: str) -> tuple[str, ...]:
    return (*tags, f"status:{status}")


def _listed(versions: str) -> tuple[str, ...]:
    if "," not in versions:
        return (text,) if (text := versions.strip()) else ()
    return tuple(part for text in versions.split(",") if (part := text.strip()))


def _ratings(row: model.Vulnerability) -> tuple[Cvss, ...]:
    """Return the vendors' ratings, those of the source that the severity is from first."""
    if not row.cvss:
        return ()
    found: list[Cvss] = []
    scores: Iterable[tuple[str, model.Score]] = row.cvss.items()
    if len(row.cvss) > 1:
        scores = sorted(scores, key=lambda pair: pair[0] != row.severity_source)
    for vendor, score in scores:
        for vector, number, version in (
            (score.v4_vector, score.v4_score, "4.0"),
            (score.v3_vector, score.v3_score, "3"),
            (score.v2_vector, score.v2_score, "2.0"),
        ):
            if (vector or number) and (one := rating(vector, number, version, vendor)):
                found.append(one)
    return tuple(found)


def _lock_file(result: model.Result) -> str:
    """Return the file that a language's result is about: for loose packages the target is only a word."""
    return "" if result.target in _WORDS else result.target


def _in_image(subject: Subject, layer: model.Layer | None, path: str) -> ImageLocation:
    return ImageLocation(
        image=subject.image,
        digest=subject.digest,
        layer=(layer.diff_id or layer.digest) if layer else "",
        path=path,
    )


def _of_cause(
    cause: model.Cause, row: model.Misconfiguration, result: model.Result, subject: Subject
) -> tuple[Location, str]:
    """Return the place of a misconfiguration, and the code where the place cannot hold it."""
    lines = (cause.code.lines if cause.code else None) or ()
    snippet = "\n".join(line.content for line in lines if line.is_cause) or "\n".join(line.content for line in lines)
    if subject.resource:
        return ResourceLocation(resource=subject.resource, type=subject.resource_type), snippet
    if subject.image:
        return _in_image(subject, row.layer, "" if result.target.startswith(subject.image) else result.target), snippet
    if result.result_class == "config" and cause.resource.startswith("arn:"):
        return ResourceLocation(resource=cause.resource, type=cause.service), snippet
    place = CodeLocation(
        path=result.target,
        line=cause.start_line or None,
        end_line=cause.end_line or None,
        snippet=snippet,
        scope=cause.resource,
    )
    return place, ""
