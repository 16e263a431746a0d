"""bundler-audit: known vulnerabilities of Ruby gems and insecure gem sources; JSON, text and JUnit XML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import first_versions
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Text,
    UnreadableReport,
    Xml,
    json_object,
    moment,
    parser,
    references,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

INSECURE = "insecure-source"
_BEGINS = re.compile(
    rb"^(?:Name: \S|Insecure Source URI found: |No vulnerabilities found|Vulnerabilities found!)", re.MULTILINE
)
_IDS = ("Advisory", "CVE", "GHSA", "OSVDB")
_LABELS = (*_IDS, "Name", "Version", "Criticality", "URL", "Title", "Solution")
_SOURCE = "Insecure Source URI found: "


class Gem(Struct):
    name: str
    version: str = ""


class Advisory(Struct):
    id: str
    url: str | None = ""
    title: str | None = ""
    description: str | None = ""
    cvss_v2: float | None = None
    cvss_v3: float | None = None
    cve: str | None = None
    osvdb: str | int | None = None
    ghsa: str | None = None
    patched_versions: list[str] | None = None
    criticality: str | None = ""


class Result(Struct):
    type: str
    source: str | None = None
    gem: Gem | None = None
    advisory: Advisory | None = None


class Report(Struct):
    results: list[Result]
    version: str = ""
    created_at: str = ""


def _is_report(probe: Probe) -> bool:
    if probe.get("results.0"):
        return probe.get("results.0.type") in ("unpatched_gem", "insecure_source")
    return probe.get("results") == [] and probe.keys == {"version", "created_at", "results"}


@parser(
    "bundler-audit",
    title="bundler-audit",
    kind=Kind.DEPENDENCY,
    looks=json_object("results", where=_is_report),
    made_with="bundle-audit check --format json --output bundler-audit.json",
    url="https://github.com/rubysec/bundler-audit",
    versions="0.5 to 0.9",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="bundler-audit", version=report.version, finished=moment(report.created_at))
    for result in report.results:
        if result.source is not None:
            yield _insecure(result.source)
        elif result.gem is not None and result.advisory is not None:
            yield _of_advisory(result.gem, result.advisory)
        else:
            raise UnreadableReport(
                f"A result of type {result.type!r} names neither a gem with its advisory nor a source"
            )


def _of_advisory(gem: Gem, advisory: Advisory) -> Finding:
    ratings = tuple(
        found for found in (rating("", advisory.cvss_v3, "3"), rating("", advisory.cvss_v2, "2")) if found is not None
    )
    cve = f"CVE-{advisory.cve}" if advisory.cve and advisory.cve[:1].isdigit() else advisory.cve
    ghsa = f"GHSA-{advisory.ghsa}" if advisory.ghsa and not advisory.ghsa.upper().startswith("GHSA-") else advisory.ghsa
    patched = tuple(advisory.patched_versions or ())
    return Finding(
        rule=advisory.id,
        title=advisory.title or f"{advisory.id} in {gem.name}",
        severity=graded(advisory.criticality, ratings),
        severity_given=advisory.criticality or "",
        location=CodeLocation(path="Gemfile.lock"),
        component=package("gem", gem.name, gem.version),
        about=Rule(
            id=advisory.id,
            title=advisory.title or "",
            description=advisory.description or "",
            references=references(advisory.url),
        ),
        remedy=_remedy(patched),
        vulnerabilities=identifiers(advisory.id, cve, ghsa, f"OSVDB-{advisory.osvdb}" if advisory.osvdb else None),
        cvss=ratings,
        fixed_versions=first_versions(*patched),
    )


def _remedy(patched: tuple[str, ...]) -> str:
    return f"Upgrade to {', '.join(patched)}" if patched else "Remove or disable this gem until a patch is available"


def _insecure(source: str) -> Finding:
    return Finding(
        rule=INSECURE,
        title=f"Insecure gem source {source}",
        severity=Severity.MEDIUM,
        kind=Kind.MISCONFIGURATION,
        location=CodeLocation(path="Gemfile.lock"),
    )


def _is_text(probe: Probe) -> bool:
    if probe.form not in {"text", "csv"}:
        return False
    head = probe.source.head()
    if not _BEGINS.search(head):
        return False
    if b"\nCriticality: " in head and b"\nSolution: " in head:
        return True
    return _SOURCE.encode() in head or (probe.named and head.strip().endswith(b"No vulnerabilities found"))


@variant("bundler-audit", looks=_is_text)
def read_text(text: Text) -> Iterator[Item]:
    yield Run(tool="bundler-audit")
    fields: dict[str, str] = {}
    last = ""
    for line in text:
        label, mark, value = line.partition(": ")
        if line.startswith(_SOURCE):
            yield _insecure(line.removeprefix(_SOURCE).strip())
        elif mark and label in _LABELS and not (label == "Name" and last == "Description"):
            if label == "Name" and "Name" in fields:
                yield _of_labels(fields)
                fields = {}
            fields[label], last = value.strip(), label
        elif line.startswith("Description:"):
            last = "Description"
            fields[last] = line.removeprefix("Description:").strip()
        elif last == "Description":
            fields[last] += "\n" + line.strip()
    if "Name" in fields:
        yield _of_labels(fields)


def _of_labels(fields: dict[str, str]) -> Finding:
    ids = identifiers(*(word for label in _IDS for word in fields.get(label, "").replace(",", " ").split()))
    if not ids or "Version" not in fields:
        raise UnreadableReport(
            f"The entry of gem {fields['Name']!r} does not say which advisory or version it is about"
        )
    solution = fields.get("Solution", "")
    given = fields.get("Criticality", "")
    rule = next((name for name in ids if name.startswith("CVE-")), ids[0])
    return Finding(
        rule=rule,
        title=fields.get("Title") or f"{rule} in {fields['Name']}",
        severity=graded(given),
        severity_given=given,
        location=CodeLocation(path="Gemfile.lock"),
        component=package("gem", fields["Name"], fields["Version"]),
        about=Rule(
            id=rule,
            title=fields.get("Title", ""),
            description=fields.get("Description", "").strip(),
            references=references(fields.get("URL")),
        ),
        remedy=solution[:1].upper() + solution[1:],
        vulnerabilities=ids,
        fixed_versions=first_versions(*solution.removeprefix("upgrade to ").split(",")),
    )


class Failure(Struct):
    message: str = field(name="@message")
    type: str = field(name="@type", default="")
    text: str = field(name="#text", default="")


class Case(Struct):
    name: str = field(name="@name")
    failure: Failure


@variant(
    "bundler-audit", looks=xml_root("testsuites", where=lambda probe: b'name="Bundle Audit"' in probe.source.head(4096))
)
def read_junit(document: Xml) -> Iterator[Item]:
    yield Run(tool="bundler-audit")
    for case in document.each("testcase", row=Case):
        if case.failure.message.startswith(_SOURCE):
            yield _insecure(case.failure.message.removeprefix(_SOURCE))
            continue
        pairs = (line.strip().partition(": ") for line in case.failure.text.splitlines())
        fields = {label: value.strip() for label, mark, value in pairs if mark and label in _LABELS}
        if "Name" not in fields:
            raise UnreadableReport(f"The test case {case.name!r} does not name its gem")
        yield _of_labels(fields)
