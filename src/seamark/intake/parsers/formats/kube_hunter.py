"""kube-hunter: weaknesses of a Kubernetes cluster, seen from the network or from a pod."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    Kind,
    Location,
    ResourceLocation,
    Rule,
    Run,
    json_object,
    parser,
    references,
    severity,
)

_NO_ID = {"", "none"}
_TAKES_TOKENS = "Access Secrets"


class Vulnerability(Struct):
    vulnerability: str
    location: str | None = ""
    vid: str | None = ""
    category: str | None = ""
    severity: str | None = ""
    description: str | None = ""
    evidence: str | list[str] | float | None = ""
    avd_reference: str | None = ""
    hunter: str | None = ""


class Node(Struct):
    location: str | None = ""
    type: str | None = ""


class Report(Struct):
    nodes: list[Node] | None
    vulnerabilities: list[Vulnerability] | None


@parser(
    "kube-hunter",
    title="kube-hunter",
    kind=Kind.HOST,
    looks=json_object("nodes", "services", "vulnerabilities"),
    made_with="kube-hunter --remote CLUSTER --report json",
    url="https://github.com/aquasecurity/kube-hunter",
    versions="0.2 to 0.6",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="kube-hunter")
    for row in report.vulnerabilities or ():
        yield _finding(row)


def _finding(row: Vulnerability) -> Finding:
    known = row.vid if row.vid and row.vid.lower() not in _NO_ID else ""
    rule = known or row.vulnerability
    evidence = "\n".join(row.evidence) if isinstance(row.evidence, list) else str(row.evidence or "")
    return Finding(
        rule=rule,
        title=row.vulnerability,
        severity=severity(row.severity or None),
        severity_given=row.severity or "",
        location=_place(row.location or ""),
        about=_about(rule, row.vulnerability, row.description or "", row.avd_reference or "", row.category or ""),
        description=f"Evidence: {evidence}" if evidence else "",
        # This hunter shows the token that it has got hold of.
        secret=evidence if row.hunter == _TAKES_TOKENS else "",
        tags=(row.hunter,) if row.hunter else (),
    )


def _place(text: str) -> Location | None:
    """Return the host and port, or the pod (`Local to Pod (name)`)."""
    if not text or text == "None":
        return None
    if " (" in text:
        return ResourceLocation(resource=f"Pod/{text.partition(' (')[2].rstrip(')')}", type="Pod")
    host, colon, port = text.rpartition(":")
    if colon and port.isascii() and port.isdigit() and len(port) < 6:
        return HostLocation(host=host, port=int(port), protocol="tcp")
    return HostLocation(host=text)


@lru_cache(maxsize=256)
def _about(rule: str, title: str, description: str, link: str, category: str) -> Rule:
    tags = (category,) if category else ()
    return Rule(id=rule, title=title, description=description, tags=tags, references=references(link))
