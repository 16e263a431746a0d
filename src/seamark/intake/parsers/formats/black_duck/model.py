"""What Black Duck writes: rows of its API and of its tables. Headers changed with its versions, so that two names stand for one."""

from __future__ import annotations

from msgspec import Struct, field


class Licence(Struct, rename="camel"):
    license_display: str | None = ""


class Remediated(Struct, rename="camel"):
    vulnerability_name: str = ""
    vulnerability_id: str = ""
    description: str | None = ""
    base_score: float | None = None
    overall_score: float | None = None
    severity: str | None = ""
    source: str | None = ""
    remediation_status: str | None = ""
    remediation_comment: str | None = field(default="", name="comment")
    cwe_id: str | None = ""
    cwe_ids: list[str] | None = None
    related_vulnerability: str | None = ""


class Answer(Struct, rename="camel"):
    component_name: str
    component_version_name: str | None = ""
    origin_name: str | None = field(default="", name="componentVersionOriginName")
    origin_id: str | None = field(default="", name="componentVersionOriginId")
    ignored: bool | None = False
    license: Licence | None = None
    flaw: Remediated | None = field(default=None, name="vulnerabilityWithRemediation")
    flaw_2: Remediated | None = field(default=None, name="vulnerability")


class Security(Struct):
    identifier: str = field(name="Vulnerability id")
    risk: str = field(name="Security Risk")
    component_id: str = field(default="", name="Component id")
    project_id: str = field(default="", name="Project id")
    version_id: str = field(default="", name="Version id")
    name: str = field(default="", name="Component name")
    name_2: str = field(default="", name="Project name")
    version: str = field(default="", name="Component version name")
    version_2: str = field(default="", name="Version")
    origin: str = field(default="", name="Component origin name")
    origin_2: str = field(default="", name="Channel version origin")
    origin_id: str = field(default="", name="Component origin id")
    origin_id_2: str = field(default="", name="Channel version origin id")
    description: str = field(default="", name="Description")
    base_score: str = field(default="", name="Base score")
    source: str = field(default="", name="Vulnerability source")
    status: str = field(default="", name="Remediation status")
    comment: str = field(default="", name="Remediation comment")
    url: str = field(default="", name="URL")
    cwes: str = field(default="", name="CWE Ids")

    @property
    def key(self) -> tuple[str, str]:
        """What names the component version in all tables of a report."""
        return self.component_id or self.project_id, self.version_id


class File(Struct):
    component_id: str = field(default="", name="Component id")
    project_id: str = field(default="", name="Project id")
    version_id: str = field(default="", name="Version id")
    path: str = field(default="", name="Path")
    archive: str = field(default="", name="Archive context")

    @property
    def key(self) -> tuple[str, str]:
        """What names the component version in all tables of a report."""
        return self.component_id or self.project_id, self.version_id


class Part(Struct):
    """A row of the table of components."""

    name: str = field(default="", name="Component name")
    version: str = field(default="", name="Component version name")
    licences: str = field(default="", name="License names")
    status: str = field(default="", name="Component policy status")
    overridden_by: str = field(default="", name="Overridden By")
    origin: str = field(default="", name="Origin name")
    origin_id: str = field(default="", name="Origin id")
    comment: str = field(default="", name="Comment")

    @property
    def violates(self) -> bool:
        """Whether a policy is violated; a violation that somebody overrode is one too, set aside."""
        return bool(self.name) and self.status.strip().lower().startswith("in violation")


class InBinary(Struct):
    component: str = field(name="Component")
    version: str = field(default="", name="Version")
    latest: str = field(default="", name="Latest version")
    cve: str = field(default="", name="CVE")
    matching: str = field(default="", name="Matching type")
    object_name: str = field(default="", name="Object")
    path: str = field(default="", name="Object full path")
    sha1: str = field(default="", name="Object SHA1")
    score_2: str = field(default="", name="CVSS")
    score_3: str = field(default="", name="CVSS3")
    score_4: str = field(default="", name="CVSS4")
    vector_2: str = field(default="", name="CVSS vector (v2)")
    vector_3: str = field(default="", name="CVSS vector (v3)")
    vector_4: str = field(default="", name="CVSS vector (v4)")
    summary: str = field(default="", name="Summary")
    note: str = field(default="", name="Note type")
    reason: str = field(default="", name="Note reason")
    url: str = field(default="", name="Vulnerability URL")
    mitigations: str = field(default="", name="Missing exploit mitigations")
    bdsa: str = field(default="", name="BDSA")
