"""The shape of GitLab's security reports, schema versions 2 to 15."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field


class Vendor(Struct):
    name: str | None = ""


class Scanner(Struct):
    id: str | None = ""
    name: str | None = ""
    version: str | None = ""
    url: str | None = ""
    vendor: Vendor | str | None = None


class Message(Struct):
    level: str | None = ""
    value: str | None = ""


class Resource(Struct):
    url: str | None = ""


class PrimaryIdentifier(Struct):
    type: str | None = ""
    name: str | None = ""
    value: str | int | None = ""


class Partial(Struct):
    mode: str | None = ""


class Scan(Struct):
    scanner: Scanner | None = None
    analyzer: Scanner | None = None
    type: str | None = ""
    status: str | None = ""
    start_time: str | None = ""
    end_time: str | None = ""
    messages: list[Message] | None = None
    scanned_resources: list[Resource] | None = None
    primary_identifiers: list[PrimaryIdentifier] | None = None
    partial_scan: Partial | None = None


class Identifier(Struct):
    type: str | None = ""
    name: str | None = ""
    value: str | int | None = ""
    url: str | None = ""


class Link(Struct):
    url: str | None = ""


class Package(Struct):
    name: str | None = ""


class Step(Struct):
    iid: int | None = None


class Dependency(Struct):
    package: Package | None = None
    version: str | None = ""
    iid: int | None = None
    direct: bool | None = None
    dependency_path: list[Step] | None = None


class Commit(Struct):
    sha: str | None = ""
    date: str | None = ""
    author: str | None = ""
    message: str | None = ""


class KubernetesResource(Struct):
    namespace: str | None = ""
    name: str | None = ""
    kind: str | None = ""
    container_name: str | None = ""


class Place(Struct):
    """Where it is; which fields are filled depends on the kind of report."""

    file: str | None = ""
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    end_column: int | None = None
    class_name: str | None = field(name="class", default="")
    method: str | None = ""
    module: str | None = ""
    item: str | None = ""
    commit: Commit | None = None
    dependency: Dependency | None = None
    operating_system: str | None = ""
    image: str | None = ""
    default_branch_image: str | None = ""
    kubernetes_resource: KubernetesResource | None = None
    hostname: str | None = ""
    path: str | None = ""
    param: str | None = ""
    crash_type: str | None = ""
    crash_state: str | None = ""
    crash_address: str | None = ""
    stacktrace_snippet: str | None = ""


class Header(Struct):
    name: str | None = ""
    value: str | None = ""


class Request(Struct):
    method: str | None = ""
    url: str | None = ""
    headers: list[Header] | None = None
    body: str | None = ""


class Response(Struct):
    status_code: int | None = None
    reason_phrase: str | None = ""
    headers: list[Header] | None = None
    body: str | None = ""


class Evidence(Struct):
    summary: str | None = ""
    request: Request | None = None
    response: Response | None = None


class Signature(Struct):
    algorithm: str | None = ""
    value: str | None = ""


class TrackedItem(Struct):
    signatures: list[Signature] | None = None


class Tracking(Struct):
    items: list[TrackedItem] | None = None


class Flag(Struct):
    type: str | None = ""
    origin: str | None = ""
    description: str | None = ""


class Vector(Struct):
    vector: str | None = ""
    vendor: str | None = ""


class Vulnerability(Struct):
    location: Place | None = None
    identifiers: list[Identifier] | None = None
    id: str | None = ""
    category: str | None = ""
    name: str | None = ""
    message: str | None = ""
    description: str | None = ""
    cve: str | None = ""
    severity: str | None = ""
    confidence: str | None = ""
    solution: str | None = ""
    scanner: Scanner | None = None
    links: list[Link] | None = None
    raw_source_code_extract: str | None = ""
    evidence: Evidence | list[Any] | None = None
    details: dict[str, Any] | list[Any] | None = None
    tracking: Tracking | None = None
    flags: list[Flag] | None = None
    cvss_vectors: list[Vector] | None = None
    discovered_at: str | None = ""


class DependencyFile(Struct):
    path: str | None = ""
    package_manager: str | None = ""
    dependencies: list[Dependency] | None = None


class Fix(Struct):
    id: str | None = ""
    cve: str | None = ""


class Remediation(Struct):
    fixes: list[Fix] | None = None
    summary: str | None = ""
    diff: str | None = ""


class Report(Struct):
    vulnerabilities: Raw
    version: str | None = ""
    scan: Scan | None = None
    remediations: list[Remediation] | None = None
    dependency_files: list[DependencyFile] | None = None
