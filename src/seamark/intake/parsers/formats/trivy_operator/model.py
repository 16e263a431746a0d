"""The Trivy Operator's custom resources."""

from __future__ import annotations

from msgspec import Struct, field


class Owner(Struct):
    kind: str = ""
    name: str = ""


class Metadata(Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[Owner] | None = None


class Scanner(Struct):
    name: str = ""
    version: str = ""


class Registry(Struct):
    server: str = ""


class Artifact(Struct):
    repository: str = ""
    tag: str = ""
    digest: str = ""


class System(Struct):
    family: str = ""
    name: str = ""
    eosl: bool = False


class Score(Struct):
    v2_vector: str = field(default="", name="V2Vector")
    v3_vector: str = field(default="", name="V3Vector")
    v4_vector: str = field(default="", name="V40Vector")
    v2_score: float | None = field(default=None, name="V2Score")
    v3_score: float | None = field(default=None, name="V3Score")
    v4_score: float | None = field(default=None, name="V40Score")


class Vulnerability(Struct, rename="camel"):
    id: str = field(name="vulnerabilityID")
    resource: str
    installed_version: str = ""
    fixed_version: str = ""
    severity: str = ""
    title: str = ""
    description: str = ""
    primary_link: str = ""
    links: list[str] | None = None
    score: float | None = None
    target: str = ""
    package_class: str = field(default="", name="class")
    package_type: str = ""
    package_path: str = ""
    pkg_path: str = ""
    purl: str = field(default="", name="packagePURL")
    pkg_purl: str = field(default="", name="pkgPURL")
    cvss: dict[str, Score] | None = None
    cvsssource: str = ""


class Secret(Struct, rename="camel"):
    rule: str = field(name="ruleID")
    severity: str = ""
    title: str = ""
    category: str = ""
    match: str = ""
    target: str = ""


class Check(Struct, rename="camel"):
    success: bool
    id: str = field(default="", name="checkID")
    severity: str = ""
    title: str = ""
    description: str = ""
    category: str = ""
    messages: list[str] | None = None
    remediation: str = ""
    target: str = ""
    scope: dict[str, str] | None = None


class Package(Struct):
    name: str = ""
    group: str = ""
    version: str = ""
    purl: str = ""
    type: str = ""
    ref: str = field(default="", name="bom-ref")


class Bill(Struct):
    components: list[Package] | None = None


class Body(Struct, rename="camel"):
    scanner: Scanner | None = None
    registry: Registry | None = None
    artifact: Artifact | None = None
    os: System | None = None
    update_timestamp: str | None = ""
    vulnerabilities: list[Vulnerability] | None = None
    checks: list[Check] | None = None
    secrets: list[Secret] | None = None
    components: Bill | None = None


class Control(Struct):
    id: str
    name: str = ""
    description: str = ""
    severity: str = ""
    checks: list[Check] | None = None


class Details(Struct):
    id: str = ""
    title: str = ""
    version: str = ""
    results: list[Control] | None = None


class ControlCount(Struct, rename="camel"):
    id: str
    name: str = ""
    severity: str = ""
    total_fail: int | None = 0


class Counts(Struct, rename="camel"):
    id: str = ""
    title: str = ""
    control_check: list[ControlCount] | None = None


class Status(Struct, rename="camel"):
    detail_report: Details | None = None
    summary_report: Counts | None = None
    update_timestamp: str | None = ""


class Resource(Struct, rename="camel"):
    kind: str
    api_version: str
    metadata: Metadata = field(default_factory=Metadata)
    report: Body | None = None
    status: Status | None = None


class Resources(Struct, rename="camel"):
    kind: str
    items: list[Resource]
