"""Trivy's report, as Go writes it: empty lists are null or missing."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct, field


class Part(Struct, gc=False, rename="pascal"):
    """What every object has in common: no cycles, names in Go's case."""


class Layer(Part):
    digest: str = ""
    diff_id: str = field(default="", name="DiffID")


class Identifier(Struct, gc=False):
    purl: str = field(default="", name="PURL")
    uid: str = field(default="", name="UID")


class Location(Part):
    start_line: int = 0
    end_line: int = 0


class Package(Part):
    name: str
    id: str = field(default="", name="ID")
    version: str = ""
    release: str = ""
    epoch: int = 0
    identifier: Identifier | None = None
    licenses: list[str] | None = None
    depends_on: list[str] | None = None
    relationship: str = ""
    indirect: bool = False
    dev: bool = False
    digest: str = ""
    file_path: str = ""
    locations: list[Location] | None = None


class Score(Struct, gc=False):
    v2_vector: str = field(default="", name="V2Vector")
    v3_vector: str = field(default="", name="V3Vector")
    v4_vector: str = field(default="", name="V40Vector")
    v2_score: float | None = field(default=None, name="V2Score")
    v3_score: float | None = field(default=None, name="V3Score")
    v4_score: float | None = field(default=None, name="V40Score")


class Vulnerability(Part):
    pkg_name: str
    vulnerability_id: str = field(default="", name="VulnerabilityID")
    vendor_ids: list[str] | None = field(default=None, name="VendorIDs")
    pkg_id: str = field(default="", name="PkgID")
    pkg_path: str = ""
    pkg_identifier: Identifier | None = None
    installed_version: str = ""
    fixed_version: str = ""
    status: str = ""
    layer: Layer | None = None
    severity_source: str = ""
    primary_url: str = field(default="", name="PrimaryURL")
    fingerprint: str = ""
    title: str = ""
    description: str = ""
    severity: str = ""
    cwe_ids: list[str] | None = field(default=None, name="CweIDs")
    cvss: dict[str, Score] | None = field(default=None, name="CVSS")
    references: list[str] | None = None


class Line(Part):
    number: int = 0
    content: str = ""
    is_cause: bool = False


class Code(Part):
    lines: list[Line] | None = None


class Occurrence(Part):
    resource: str = ""
    filename: str = ""
    location: Location | None = None


class Cause(Part):
    resource: str = ""
    provider: str = ""
    service: str = ""
    start_line: int = 0
    end_line: int = 0
    code: Code | None = None
    occurrences: list[Occurrence] | None = None


class Misconfiguration(Part):
    id: str = field(name="ID")
    avd_id: str = field(default="", name="AVDID")
    type: str = ""
    title: str = ""
    description: str = ""
    message: str = ""
    namespace: str = ""
    resolution: str = ""
    severity: str = ""
    primary_url: str = field(default="", name="PrimaryURL")
    references: list[str] | None = None
    status: str = "FAIL"
    layer: Layer | None = None
    cause_metadata: Cause | None = None


class Secret(Part):
    rule_id: str = field(name="RuleID")
    category: str = ""
    severity: str = ""
    title: str = ""
    start_line: int = 0
    end_line: int = 0
    match: str = ""
    layer: Layer | None = None


class Licence(Part):
    name: str
    severity: str = ""
    category: str = ""
    pkg_name: str = ""
    file_path: str = ""
    confidence: float | None = None
    link: str = ""


class Modified(Part):
    """A finding that an ignore file, a policy or a VEX document has set aside (`--show-suppressed`)."""

    type: str = ""
    status: str = ""
    statement: str = ""
    source: str = ""
    finding: Raw = field(default_factory=Raw)


class Summary(Part):
    successes: int = 0
    failures: int = 0


class Result(Part):
    target: str
    result_class: str = field(default="", name="Class")
    type: str = ""
    packages: Raw = field(default_factory=Raw)
    vulnerabilities: Raw = field(default_factory=Raw)
    misconf_summary: Summary | None = None
    misconfigurations: list[Misconfiguration] | None = None
    secrets: list[Secret] | None = None
    licenses: list[Licence] | None = None
    modified: list[Modified] | None = field(default=None, name="ExperimentalModifiedFindings")


class OperatingSystem(Part):
    family: str = ""
    name: str = ""
    end_of_life: bool = field(default=False, name="EOSL")


class ContainerConfig(Part):
    labels: dict[str, str] | None = None


class FileSystem(Struct):
    diff_ids: list[str] | None = None


class ImageConfig(Struct):
    config: ContainerConfig | None = None
    rootfs: FileSystem | None = None


class Metadata(Part):
    os: OperatingSystem | None = field(default=None, name="OS")
    image_id: str = field(default="", name="ImageID")
    diff_ids: list[str] | None = field(default=None, name="DiffIDs")
    repo_tags: list[str] | None = None
    repo_digests: list[str] | None = None
    image_config: ImageConfig | None = None
    repo_url: str = field(default="", name="RepoURL")
    branch: str = ""
    commit: str = ""


class Tool(Part):
    version: str = ""


class Report(Part):
    schema_version: int
    trivy: Tool | None = None
    created_at: str = ""
    artifact_name: str = ""
    artifact_type: str = ""
    metadata: Metadata | None = None
    results: list[Result] | None = None


class Resource(Part):
    kind: str
    name: str
    namespace: str = ""
    metadata: Metadata | list[Metadata] | None = None
    results: list[Result] | None = None
    error: str = ""


class Cluster(Part):
    cluster_name: str
    resources: list[Resource] | None = None
    findings: list[Resource] | None = None
    vulnerabilities: list[Resource] | None = None
    misconfigurations: list[Resource] | None = None


RAW_FINDINGS: dict[str, msgspec.json.Decoder[Vulnerability | Misconfiguration | Secret | Licence]] = {
    "vulnerability": msgspec.json.Decoder(Vulnerability, strict=False),
    "misconfiguration": msgspec.json.Decoder(Misconfiguration, strict=False),
    "secret": msgspec.json.Decoder(Secret, strict=False),
    "license": msgspec.json.Decoder(Licence, strict=False),
}
