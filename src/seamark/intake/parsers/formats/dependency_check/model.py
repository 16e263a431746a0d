"""Dependency-Check's report in the shape of its JSON; the XML is brought into it."""

from __future__ import annotations

from msgspec import Raw, Struct, field


class Identifier(Struct, gc=False):
    id: str = ""
    confidence: str = ""


class Reference(Struct, gc=False):
    url: str | None = ""


class CvssTwo(Struct, gc=False, rename="camel"):
    score: float | None = None
    access_vector: str = ""
    access_complexity: str = ""
    authentication: str = field(default="", name="authenticationr")
    authentication_2: str = field(default="", name="authentication")
    confidentiality: str = field(default="", name="confidentialImpact")
    confidentiality_2: str = field(default="", name="confidentialityImpact")
    integrity_impact: str = ""
    availability_impact: str = ""


class CvssThree(Struct, gc=False, rename="camel"):
    base_score: float | None = None
    attack_vector: str = ""
    attack_complexity: str = ""
    privileges_required: str = ""
    user_interaction: str = ""
    scope: str = ""
    confidentiality_impact: str = ""
    integrity_impact: str = ""
    availability_impact: str = ""
    version: str | None = ""


class CvssFour(Struct, gc=False, rename="camel"):
    base_score: float | None = None
    vector_string: str = ""


class Software(Struct, gc=False, rename="camel"):
    id: str = ""
    vulnerability_id_matched: bool | str = False
    version_end_excluding: str | None = ""


class MatchedSoftware(Struct, gc=False):
    software: Software | None = None


class Exploited(Struct, gc=False, rename="camel"):
    date_added: str = ""


class Vulnerability(Struct, gc=False, rename="camel"):
    name: str
    source: str = ""
    severity: str | None = ""
    cvss2: CvssTwo | None = field(default=None, name="cvssv2")
    cvss3: CvssThree | None = field(default=None, name="cvssv3")
    cvss4: CvssFour | None = field(default=None, name="cvssv4")
    cwes: list[str] | None = None
    description: str | None = ""
    notes: str | None = ""
    references: list[Reference] | None = None
    vulnerable_software: list[MatchedSoftware] | None = None
    known_exploited_vulnerability: Exploited | None = None


class Related(Struct, gc=False, rename="camel"):
    file_name: str = ""
    file_path: str = ""
    package_ids: list[Identifier] | None = None


class Clue(Struct, gc=False):
    value: str = ""
    confidence: str = ""


class Evidence(Struct, gc=False, rename="camel"):
    product_evidence: list[Clue] | None = None
    version_evidence: list[Clue] | None = None


class Dependency(Struct, gc=False, rename="camel"):
    file_name: str
    file_path: str = ""
    md5: str | None = ""
    sha1: str | None = ""
    sha256: str | None = ""
    license: str | None = ""
    project_references: list[str] | None = None
    evidence_collected: Evidence | None = None
    related_dependencies: list[Related] | None = None
    packages: list[Identifier] | None = None
    vulnerability_ids: list[Identifier] | None = None
    vulnerabilities: list[Vulnerability] | None = None
    suppressed_vulnerabilities: list[Vulnerability] | None = None


class Failure(Struct, gc=False):
    message: str | None = ""


class Failed(Struct, gc=False):
    exception: Failure | None = None


class ScanInfo(Struct, gc=False, rename="camel"):
    engine_version: str = ""
    analysis_exceptions: list[Failed] | None = None


class ProjectInfo(Struct, gc=False, rename="camel"):
    name: str | None = ""
    report_date: str = ""


class Report(Struct, gc=False, rename="camel"):
    scan_info: ScanInfo
    dependencies: Raw
    project_info: ProjectInfo | None = None


class Row(Struct, gc=False):
    """One line of the CSV."""

    project: str = field(default="", name="Project")
    date: str = field(default="", name="ScanDate")
    file_name: str = field(default="", name="DependencyName")
    file_path: str = field(default="", name="DependencyPath")
    licence: str = field(default="", name="License")
    md5: str = field(default="", name="Md5")
    sha1: str = field(default="", name="Sha1")
    identifiers: str = field(default="", name="Identifiers")
    cpe: str = field(default="", name="CPE")
    cve: str = field(default="", name="CVE")
    cwe: str = field(default="", name="CWE")
    text: str = field(default="", name="Vulnerability")
    source: str = field(default="", name="Source")
    severity_2: str = field(default="", name="CVSSv2_Severity")
    score_2: str = field(default="", name="CVSSv2_Score")
    vector_2: str = field(default="", name="CVSSv2")
    severity_3: str = field(default="", name="CVSSv3_BaseSeverity")
    score_3: str = field(default="", name="CVSSv3_BaseScore")
    vector_3: str = field(default="", name="CVSSv3")
    severity_4: str = field(default="", name="CVSSv4_BaseSeverity")
    score_4: str = field(default="", name="CVSSv4_BaseScore")
    vector_4: str = field(default="", name="CVSSv4")
    confidence: str = field(default="", name="CPE Confidence")
