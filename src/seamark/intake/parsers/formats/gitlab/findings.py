"""One entry of a GitLab report as a finding."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from seamark.intake.parsers.formats.gitlab.model import (
    Evidence,
    Header,
    Identifier,
    KubernetesResource,
    Place,
    PrimaryIdentifier,
    Remediation,
    Vulnerability,
)
from seamark.intake.parsers.formats.gitlab.packages import Packages
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Confidence,
    Exchange,
    Finding,
    FlowStep,
    ImageLocation,
    Kind,
    Location,
    Patch,
    ResourceLocation,
    Rule,
    Severity,
    Suppression,
    WebLocation,
    confidence,
    cvss,
    cwe_ids,
    first_line,
    moment,
    references,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import graded

KINDS = {
    "sast": Kind.CODE,
    "secret_detection": Kind.SECRET,
    "dependency_scanning": Kind.DEPENDENCY,
    "container_scanning": Kind.CONTAINER,
    "cluster_image_scanning": Kind.CONTAINER,
    "dast": Kind.WEB,
    "api_fuzzing": Kind.WEB,
    "coverage_fuzzing": Kind.CODE,
    "generic": Kind.CODE,
}
_OF_SECRETS = ("gitleaks", "trufflehog")
_OF_INFRASTRUCTURE = ("kics", "kubesec")
_LARGEST_DIFF = 16_000
_UPGRADE = re.compile(
    r"^(?:Please )?[Uu]pgrade (?:to (?:versions? )?|\S+ (?:from \S+ )?to )(v?\d[^\n]*?)(?: or (?:above|later|higher))?\.?$"
)


class Context:
    """What is said once for all entries of a report."""

    def __init__(self, kind: str, packages: Packages, remediations: Iterable[Remediation]) -> None:
        self.kind = kind
        self.packages = packages
        self.patches: dict[str, list[Patch]] = {}
        for each in remediations:
            patch = Patch(
                description="\n\n".join(part for part in (each.summary or "", _diff(each.diff or "")) if part)
            )
            for fix in each.fixes or ():
                for key in {fix.id or "", fix.cve or ""} - {""}:
                    self.patches.setdefault(key, []).append(patch)


class Names(NamedTuple):
    """What the identifiers of an entry say, in the forms that findings need."""

    rule: str
    name: str
    cwes: tuple[int, ...]
    vulnerabilities: tuple[str, ...]
    tags: tuple[str, ...]
    links: tuple[str, ...]


def finding(row: Vulnerability, context: Context) -> Finding:
    """Return an entry as a finding."""
    place = row.location or Place()
    names = _names(
        tuple(
            (each.type or "", each.name or "", str(each.value or ""), each.url or "") for each in row.identifiers or ()
        )
    )
    component = context.packages.of(place)
    kind = _kind(row, place, context.kind, component)
    solution = row.solution or ""
    remedy = "" if solution.lower().startswith("no solution") else solution
    about = _about(names, (row.name or "") if kind is not Kind.CONTAINER else "", remedy)
    ratings = tuple(found for each in row.cvss_vectors or () if (found := cvss(each.vector, source=each.vendor or "")))
    secret = (row.raw_source_code_extract or "") if kind is Kind.SECRET else ""
    key = row.id or row.cve or ""
    return Finding(
        rule=about.id,
        title=_title(row, names, component),
        severity=_severity(row.severity, ratings),
        severity_given=row.severity or "",
        kind=kind,
        location=_location(place, kind, row.raw_source_code_extract or ""),
        component=component,
        about=about,
        description=_description(row, place),
        confidence=_confidence(row.confidence),
        cwes=names.cwes or ((798,) if kind is Kind.SECRET else ()),
        vulnerabilities=names.vulnerabilities,
        cvss=ratings,
        fixed_versions=_fixed(solution) if component else (),
        dependency_paths=context.packages.ways(place) if component else (),
        flow=_flow(row.details),
        fingerprints=_fingerprints(row),
        patches=tuple(context.patches.get(key, ())) or tuple(context.patches.get(row.cve or "", ())),
        suppression=_suppression(row),
        exchange=_exchange(row.evidence),
        secret=secret,
        references=references(tuple(each.url or "" for each in row.links or ())),
        tags=names.tags,
        seen_at=moment(row.discovered_at),
    )


def rule_of(identifier: Identifier | PrimaryIdentifier) -> str:
    """Return the rule that an identifier names: its value, where that says by itself what it is."""
    return _rule(identifier.type or "", identifier.name or "", str(identifier.value or ""))


def _rule(kind: str, name: str, value: str) -> str:
    if kind.lower() == "cwe" and value.isdecimal():
        return f"CWE-{value}"
    if kind == "cxOneScan":  # a number of the result, not of a rule
        return ""
    return name or value if kind == "gemnasium" else value or name


@lru_cache(maxsize=32768)
def _names(identifiers: tuple[tuple[str, str, str, str], ...]) -> Names:
    cwes = cwe_ids(
        tuple(
            f"CWE-{value}" if value.isdecimal() else value for kind, _, value, _ in identifiers if kind.lower() == "cwe"
        ),
        tuple(name for kind, name, _, _ in identifiers if kind.lower() == "cwe"),
    )
    found = vulnerability_ids(
        tuple(text for kind, name, value, _ in identifiers if kind.lower() != "cwe" for text in (value, name))
    )
    rule = _rule(*identifiers[0][:3]) if identifiers else ""
    if identifiers and identifiers[0][0].lower() in {"gemnasium", "cve", "ghsa"} and found:
        rule = found[0]
    rest = (
        name or value
        for kind, name, value, _ in identifiers[1:]
        if kind.lower() not in {"cwe", "cve", "ghsa", "gemnasium"}
    )
    return Names(
        rule, identifiers[0][1] if identifiers else "", cwes, found, tuple(dict.fromkeys(rest)),
        references(tuple(url for *_, url in identifiers)),
    )  # fmt: skip


@lru_cache(maxsize=32768)
def _about(names: Names, title: str, solution: str) -> Rule:
    return Rule(
        id=names.rule or title, title=title or names.name, remedy=solution, cwes=names.cwes, references=names.links
    )


def _kind(row: Vulnerability, place: Place, given: str, component: Component | None) -> Kind:
    category = given or row.category or ""
    kind = KINDS.get(category, Kind.CODE)
    if kind is Kind.CODE:
        first = (row.identifiers[0].type or "") if row.identifiers else ""
        if first.startswith(_OF_SECRETS):
            return Kind.SECRET
        if first.startswith(_OF_INFRASTRUCTURE):
            return Kind.MISCONFIGURATION
        if category not in KINDS:
            if place.image:
                return Kind.CONTAINER
            if component is not None:
                return Kind.DEPENDENCY
            return Kind.WEB if place.hostname else Kind.CODE
    return kind


def _title(row: Vulnerability, names: Names, component: Component | None) -> str:
    if title := row.name or row.message:
        return title
    if component is not None and names.rule:
        return f"{names.rule} in {component.name}"
    return names.name or first_line(row.description or "") or names.rule or "GitLab finding"


def _severity(word: str | None, ratings: tuple[Any, ...]) -> Severity:
    if (word or "").lower() in {"unknown", "undefined", "ignore"}:
        return graded("", ratings) if ratings else Severity.INFO
    return graded(word, ratings)


@lru_cache(maxsize=64)
def _confidence(word: str | None) -> Confidence | None:
    return Confidence.LOW if (word or "").lower() == "experimental" else confidence(word)


def _location(place: Place, kind: Kind, snippet: str) -> Location | None:
    if place.image:
        image, _, digest = place.image.partition("@")
        return ImageLocation(image=image, digest=digest, path=place.file or "")
    if place.hostname:
        path = place.path or ""
        url = place.hostname + (path if path.startswith(("/", "?")) or not path else f"/{path}")
        return WebLocation(url=url, method=(place.method or "").upper(), parameter=place.param or "")
    resource = place.kubernetes_resource
    if resource is not None and resource.name:
        return ResourceLocation(resource=_resource(resource), type=resource.kind or "")
    if not place.file:
        return None
    return CodeLocation(
        path=place.file,
        line=place.start_line,
        column=place.start_column,
        end_line=place.end_line,
        end_column=place.end_column,
        snippet=snippet if kind is not Kind.SECRET else "",
        scope=".".join(part for part in (place.class_name or place.module, place.method) if part),
    )


def _resource(resource: KubernetesResource) -> str:
    return "/".join(part for part in (resource.namespace, resource.kind, resource.name) if part)


def _description(row: Vulnerability, place: Place) -> str:
    evidence = row.evidence.summary if isinstance(row.evidence, Evidence) else ""
    parts = [
        row.description or "",
        row.message or "" if row.name and row.message not in {row.name, row.description} else "",
    ]
    facts: list[tuple[str, str]] = [("Evidence", evidence or "")]
    if (commit := place.commit) is not None and (commit.sha or "").strip("0"):
        facts += [
            ("Commit", commit.sha or ""),
            ("Author", commit.author or ""),
            ("Date", commit.date or ""),
            ("Message", commit.message or ""),
        ]
    facts += [
        ("Crash", place.crash_type or ""),
        ("State", place.crash_state or ""),
        ("Stack", place.stacktrace_snippet or ""),
    ]
    if (resource := place.kubernetes_resource) is not None and place.image:
        facts.append(("Workload", _resource(resource)))
    if isinstance(row.details, dict):
        facts += _details(row.details)
    parts += [f"{name}: {text}" for name, text in facts if text]
    return "\n".join(part for part in parts if part)


def _details(given: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the free details that are one value each: texts, numbers, code, addresses, commits."""
    found = []
    for key, detail in given.items():
        if isinstance(detail, dict) and detail.get("type") in ("text", "value", "code", "url", "commit", "markdown"):
            value = detail.get("value", detail.get("href"))
            if isinstance(value, str | int | float):
                found.append((str(detail.get("name") or key), str(value)))
    return found


def _flow(given: Any) -> tuple[FlowStep, ...]:
    """Return the first of the ways through the code that the details show."""
    if not isinstance(given, dict):
        return ()
    for detail in given.values():
        if isinstance(detail, dict) and detail.get("type") == "code-flows":
            ways = detail.get("items")
            first = ways[0] if isinstance(ways, list) and ways else None
            return tuple(step for node in first or () if (step := _step(node))) if isinstance(first, list) else ()
    return ()


def _step(node: Any) -> FlowStep | None:
    place = node.get("file_location") if isinstance(node, dict) else None
    path = place.get("file_name") if isinstance(place, dict) else None
    if not isinstance(place, dict) or not isinstance(path, str):
        return None
    line, end = place.get("line_start"), place.get("line_end")
    kind = node.get("node_type")
    return FlowStep(
        CodeLocation(path=path, line=line if type(line) is int else None, end_line=end if type(end) is int else None),
        kind if isinstance(kind, str) else "",
    )


def _fingerprints(row: Vulnerability) -> tuple[tuple[str, str], ...]:
    if row.tracking is None:
        return ()
    signatures = (each for item in row.tracking.items or () for each in item.signatures or ())
    given = ((each.algorithm or "", each.value or "") for each in signatures)
    return tuple(dict.fromkeys(pair for pair in given if all(pair) and pair[1] != "NA"))


def _suppression(row: Vulnerability) -> Suppression | None:
    for flag in row.flags or ():
        if flag.type == "flagged-as-likely-false-positive":
            said = ": ".join(part for part in (flag.origin, flag.description) if part)
            return Suppression(origin="tool", justification=f"Likely a false positive ({said})", accepted=False)
    return None


def _exchange(evidence: Evidence | list[Any] | None) -> Exchange | None:
    if not isinstance(evidence, Evidence):
        return None
    request, response = evidence.request, evidence.response
    asked = answered = ""
    if request is not None and (request.url or request.headers):
        asked = _message(f"{request.method or ''} {request.url or ''}".strip(), request.headers, request.body)
    if response is not None and (response.status_code or response.headers):
        first = " ".join(str(part) for part in (response.status_code, response.reason_phrase) if part)
        answered = _message(f"HTTP {first}" if first else "", response.headers, response.body)
    return Exchange(asked, answered) if asked or answered else None


def _message(first: str, headers: list[Header] | None, body: str | None) -> str:
    lines = [first, *(f"{each.name}: {each.value}" for each in headers or ())]
    head = "\n".join(line for line in lines if line)
    return f"{head}\n\n{body}" if body else head


@lru_cache(maxsize=8192)
def _fixed(solution: str) -> tuple[str, ...]:
    """Return the versions that a solution in one of the analysers' own sentences names."""
    found = _UPGRADE.match(solution.strip())
    if not found:
        return ()
    versions = found[1].replace(" or ", ", ").split(",")
    cleaned = tuple(version.strip().rstrip(".") for version in versions if version.strip())
    return cleaned if all(" " not in version for version in cleaned) else ()


def _diff(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")[:_LARGEST_DIFF]
    except (binascii.Error, ValueError):
        return encoded[:_LARGEST_DIFF]
