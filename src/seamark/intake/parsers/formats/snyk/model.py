"""What `snyk test --json` and its siblings print."""

from __future__ import annotations

from msgspec import Raw, Struct, field


class CvssDetail(Struct, gc=False, rename="camel"):
    """How reports up to 2024 gave other sources' ratings."""

    assigner: str = ""
    vector: str | None = field(default="", name="cvssV3Vector")
    score: float | None = field(default=None, name="cvssV3BaseScore")


class CvssSource(Struct, gc=False, rename="camel"):
    """How later reports do."""

    assigner: str = ""
    vector: str | None = ""
    base_score: float | None = None
    cvss_version: str | None = ""


class Maturity(Struct, gc=False):
    type: str = ""
    level: str = ""
    format: str = ""


class ExploitDetails(Struct, gc=False, rename="camel"):
    maturity_levels: list[Maturity] | None = None


class Epss(Struct, gc=False):
    probability: float | None = None


class Link(Struct, gc=False):
    url: str = ""


class Ignored(Struct, gc=False, rename="camel"):
    reason: str | None = ""
    expires: str | None = ""
    source: str | None = ""


class Filtered(Struct, gc=False):
    ignored: list[Ignored] | None = None


class Semver(Struct, gc=False):
    vulnerable: list[str] | str | None = None


class Vulnerability(Struct, gc=False, rename="camel"):
    id: str
    title: str = ""
    type: str = ""
    license: str | None = ""
    severity: str = ""
    severity_with_critical: str | None = ""
    description: str | None = ""
    vector: str | None = field(default="", name="CVSSv3")
    score: float | None = field(default=None, name="cvssScore")
    cvss_details: list[CvssDetail] | None = None
    cvss_sources: list[CvssSource] | None = None
    epss_details: Epss | None = None
    exploit: str | None = ""
    exploit_details: ExploitDetails | None = None
    identifiers: dict[str, list[str | int] | None] | None = None
    references: list[Link] | None = None
    semver: Semver | None = None
    fixed_in: list[str] | None = None
    nearest_fixed_in_version: str | None = ""
    package_name: str | None = ""
    package_manager: str | None = ""
    name: str | None = ""
    version: str | None = ""
    from_: list[str] | None = field(default=None, name="from")
    upgrade_path: list[str | bool] | None = None
    is_upgradable: bool = False
    is_patchable: bool = False
    malicious: bool | None = False
    filtered: Filtered | None = None
    dockerfile_instruction: str | None = ""
    docker_base_image: str | None = ""
    layer_id: str | None = ""


class Advice(Struct, gc=False):
    message: str = ""


class Remediation(Struct, gc=False):
    advice: list[Advice] | None = None


class AffectedBinary(Struct, gc=False):
    """A program that no package manager installed, and the issues in it."""

    pkg: Named | None = None
    issues: dict[str, Raw] | None = None


class Named(Struct, gc=False):
    name: str = ""
    version: str | None = ""


class Binaries(Struct, gc=False, rename="camel"):
    issues_data: dict[str, Vulnerability] | None = None
    affected_pkgs: dict[str, AffectedBinary] | None = None


class Docker(Struct, gc=False, rename="camel"):
    base_image: str | None = ""
    base_image_remediation: Remediation | None = None
    binaries_vulns: Binaries | None = None


class Aside(Struct, gc=False):
    ignore: list[Vulnerability] | None = None


class Guidance(Struct, gc=False):
    issue: str | None = ""
    impact: str | None = ""
    resolve: str | None = ""


class Misconfiguration(Struct, gc=False, rename="camel"):
    id: str
    title: str = ""
    severity: str = ""
    is_ignored: bool = False
    sub_type: str | None = ""
    documentation: str | None = ""
    issue: str | None = ""
    impact: str | None = ""
    resolve: str | None = ""
    guidance: Guidance | None = field(default=None, name="iacDescription")
    line_number: int | None = None
    msg: str | None = ""
    path: list[str | int] | None = None
    references: list[str] | None = None


class Project(Struct, gc=False, rename="camel"):
    ok: bool
    error: str | dict[str, object] | None = None
    vulnerabilities: Raw = field(default_factory=Raw)
    misconfigurations: list[Misconfiguration] | None = field(default=None, name="infrastructureAsCodeIssues")
    path: str | None = ""
    project_name: str | None = ""
    display_target_file: str | None = ""
    target_file: str | None = ""
    package_manager: str | None = ""
    docker: Docker | None = None
    filtered: Aside | None = None
    applications: list[Project] | None = None
