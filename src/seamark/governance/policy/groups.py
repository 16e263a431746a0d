"""The groups of facts: their fields, types and meaning. The documentation, the schema and the checker all read these structs.

Every field may be None: not known. An unknown fact is never taken for false or zero; a condition that depends on one cannot be decided.
Times are RFC 3339 texts, for `timestamp(…)`; what a policy usually asks of them stands beside them as whole days.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from seamark.core.severity import Severity

Exposure: TypeAlias = Literal["internet", "partner", "internal", "none"]
KindWord: TypeAlias = Literal[
    "code", "dependency", "secret", "misconfiguration", "web", "container", "cloud", "host", "runtime", "pentest", "licence"
]  # fmt: skip
LicenceClass: TypeAlias = Literal["permissive", "weak_copyleft", "strong_copyleft", "network_copyleft", "other"]
PathClass: TypeAlias = Literal[
    "authentication", "authorisation", "cryptography", "payment", "personal_data", "secrets", "infrastructure", "pipeline", "test"
]  # fmt: skip
Attestation: TypeAlias = Literal["verified", "unverified", "invalid", "missing"]


class Fact(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all groups of facts have in common: values that compare and hash, and leave out what is not known."""


class Finding(Fact, frozen=True):
    """One problem as one tool reports it at one place."""

    ref: str | None = None
    """Its number here, for reports of verdicts."""
    tool: str | None = None
    """The tool, as it calls itself: `Semgrep OSS`."""
    rule: str | None = None
    """The tool's rule id."""
    kind: KindWord | None = None
    """The sort of problem."""
    severity: Severity | None = None
    """As the tool gives it: INFO, LOW, MEDIUM, HIGH, CRITICAL."""
    path: str | None = None
    """File, URL, resource or host."""
    line: int | None = None
    """Line in the file, from 1."""
    verified: bool | None = None
    """The tool proved it."""
    suppressed: bool | None = None
    """Set aside in the source or in the tool."""
    new: bool | None = None
    """Whether the change that is judged brings it; unknown where nothing is there to compare with."""


class Component(Fact, frozen=True):
    """A package version in an inventory of software."""

    ref: str | None = None
    """Its purl."""
    purl: str | None = None
    """Package URL with the version."""
    name: str | None = None
    """Name of the package."""
    version: str | None = None
    """Its version."""
    ecosystem: str | None = None
    """The purl's type: `npm`, `pypi`, `maven`, `deb` …"""
    licences: tuple[str, ...] | None = None
    """Licences as the inventory states them: SPDX ids or expressions. Unknown where it states none."""
    licence_class: LicenceClass | None = None
    """The strictest obligation among the licences, where a choice is offered the mildest; unknown where none is stated."""
    direct: bool | None = None
    """Asked for by name, not by another component."""
    scope: str | None = None
    """The inventory's word: `required`, `development`, `optional` …"""
    shipped: bool | None = None
    """Whether it gets into what is delivered; false for development and test dependencies."""
    new: bool | None = None
    """Whether the change that is judged brings it."""


class Asset(Fact, frozen=True):
    """A node of the inventory: repository, service, image, workload, cloud resource and so on."""

    ref: str | None = None
    """Kind and key: `repository:github.com/acme/shop`."""
    kind: str | None = None
    """`repository`, `service`, `image`, `workload`, `cloud_resource`, `pipeline` …"""
    key: str | None = None
    """Its natural key."""
    name: str | None = None
    """What people call it."""
    exposure: Exposure | None = None
    """Who can reach it."""
    environment: str | None = None
    """`production`, `staging`, `test`, `development`."""
    owned: bool | None = None
    """Whether somebody is known to answer for it."""
    public: bool | None = None
    """For storage: whether anybody may read it."""
    privileged: bool | None = None
    """For workloads: a container runs privileged."""
    runs_as_root: bool | None = None
    """For workloads: a container runs as root."""
    sbom: bool | None = None
    """Whether an inventory of its software is kept."""
    pinned: bool | None = None
    """For pipelines: whether all actions that it uses are pinned to a commit."""
    write_all: bool | None = None
    """For pipelines: whether its token may write everything."""
    base_image_supported: bool | None = None
    """For images: whether the system of the base image still gets security updates."""


class Issue(Fact, frozen=True):
    """The problem itself: all findings that one change would fix at one place."""

    ref: str | None = None
    """`SM-1042`, or the issue's identity where it is not kept."""
    title: str | None = None
    """What it is, in a line."""
    kind: KindWord | None = None
    """The sort of problem."""
    severity: Severity | None = None
    """The worst that a tool says now: INFO, LOW, MEDIUM, HIGH, CRITICAL."""
    risk: float | None = None
    """The score, 0.0 to 100.0."""
    priority: int | None = None
    """Band of the score: 0 (P0, most urgent) to 4."""
    state: Literal["open", "confirmed", "in progress", "resolved", "dismissed"] | None = None
    """Where it stands."""
    open: bool | None = None
    """Whether it needs work. A dismissal that nobody with the right to approve waivers has confirmed changes nothing here."""
    dismissal_unconfirmed: bool | None = None
    """Somebody dismissed it, and a second person has not confirmed that yet."""
    new: bool | None = None
    """Whether the change that is judged brings it; unknown where nothing is there to compare with."""
    regression: bool | None = None
    """It was fixed before and has returned."""
    waived: bool | None = None
    """Whether an approved exception that has not expired covers it."""
    waiver_days_left: int | None = None
    """Days until that exception ends; negative where it has ended."""
    rule: str | None = None
    """Rule id of the finding that opened it."""
    tools: tuple[str, ...] | None = None
    """The tools that report it now."""
    vulnerabilities: tuple[str, ...] | None = None
    """All names of the flaw: CVE, GHSA …"""
    cwe: int | None = None
    """Number of the weakness."""
    owasp: str | None = None
    """Class of the OWASP Top 10 (2021) that the weakness belongs to: `A03`."""
    kev: bool | None = None
    """Known to be exploited in the wild."""
    kev_overdue_days: int | None = None
    """Days since the catalogue's own due date; negative before it."""
    ransomware: bool | None = None
    """Used by ransomware."""
    epss: float | None = None
    """Probability of exploitation within 30 days, 0.0 to 1.0."""
    exploit: Literal["none", "poc", "template", "weaponised"] | None = None
    """What is public to exploit it."""
    component: str | None = None
    """Package with version."""
    path: str | None = None
    """File, URL, resource or host."""
    line: int | None = None
    """Line in the file, from 1."""
    path_classes: tuple[PathClass, ...] | None = None
    """What the path's words say of the code: `authentication`, `payment` …"""
    ai_written: bool | None = None
    """Whether the lines are known to be written by an AI agent: a lower bound, since nobody has to mark such code."""
    fixable: bool | None = None
    """A version or patch that fixes it is known."""
    reach: Literal["runtime", "static", "potential", "unreachable"] | None = None
    """Whether the vulnerable code can run."""
    reach_confidence: float | None = None
    """How sure the analysis of the source is of that, 0.0 to 1.0; unknown for what a tool says of its own finding."""
    verification: Literal["verified", "unverified", "refuted"] | None = None
    """Whether the tool proved it; for a secret: that it still works."""
    confidence: Literal["high", "medium", "low"] | None = None
    """How sure the tool says it is."""
    development: bool | None = None
    """Only a development dependency."""
    test: bool | None = None
    """Only a test dependency, or in a test's code."""
    corroborated: bool | None = None
    """An attack from outside, a tester or an alert at run time confirms it."""
    deployed: Literal["running", "not_running"] | None = None
    """Whether what it is in runs."""
    environment: str | None = None
    """The most productive environment that it runs in."""
    owner: str | None = None
    """Who answers for it."""
    assigned: bool | None = None
    """Somebody works on it."""
    opened_at: str | None = None
    """When it was first seen."""
    age_days: int | None = None
    """Days since then."""
    due: str | None = None
    """When it is to be fixed."""
    overdue_days: int | None = None
    """Days since then; negative before it."""
    vendor_not_affected: bool | None = None
    """A vendor says that none of the packages it was found in has the flaw, and no vendor says otherwise. Known to triage rules only."""
    copy_of: str | None = None
    """The oldest issue of another repository that the tools report to the letter alike. Known to triage rules only."""
    findings: tuple[Finding, ...] | None = None
    """What the tools say, at most 100."""
    assets: tuple[Asset, ...] | None = None
    """Where it is and runs, at most 100."""


class Application(Fact, frozen=True):
    """The business's unit of software."""

    ref: str | None = None
    """Its short name, as in addresses."""
    name: str | None = None
    """What people call it."""
    unit: str | None = None
    """Name of the business unit."""
    units: tuple[str, ...] | None = None
    """The unit and those above it."""
    tags: tuple[str, ...] | None = None
    """Labels of its own, such as `tier-1`, `pci-dss-4`, `pii`: criticality, frameworks and classes of data."""
    criticality: int | None = None
    """Tier, 1 (most critical) to 4."""
    exposure: Exposure | None = None
    """Who can reach it."""
    environment: str | None = None
    """Where it runs."""
    data_classes: tuple[str, ...] | None = None
    """Data that it handles, in capitals: `PII`, `PHI`, `PCI`."""
    sla_tier: str | None = None
    """Name of its agreement on service levels."""
    revenue_per_hour: float | None = None
    """What an hour costs."""
    compliance: tuple[str, ...] | None = None
    """Frameworks that it is in scope of: `pci-dss-4`."""
    open_issues: int | None = None
    """How many issues need work."""
    critical_issues: int | None = None
    """How many of them are critical."""
    overdue_issues: int | None = None
    """How many of them are past their due date."""
    mean_age_days: int | None = None
    """Mean age of the issues that need work."""
    components: tuple[Component, ...] | None = None
    """What it is made of, at most 2,000."""


class Scan(Fact, frozen=True):
    """One run of one tool."""

    ref: str | None = None
    """Its number."""
    tool: str | None = None
    """The tool."""
    commit: str | None = None
    """What was looked at."""
    branch: str | None = None
    """The branch or tag."""
    default_branch: bool | None = None
    """Whether that is the default branch."""
    pull_request: str | None = None
    """Number of the pull request, empty where it is none."""
    complete: bool | None = None
    """Whether it ran to its end and proves what it no longer reports."""
    age_days: int | None = None
    """Days since it ran."""
    findings: int | None = None
    """How many it reports."""
    new: int | None = None
    """How many of them the scan before did not."""
    fixed: int | None = None
    """How many of the scan before it no longer reports."""


class Build(Fact, frozen=True):
    """What a pipeline made: an image, by its digest."""

    ref: str | None = None
    """Image and digest."""
    image: str | None = None
    """Name of the image."""
    digest: str | None = None
    """`sha256:…`."""
    commit: str | None = None
    """What it was built from."""
    age_days: int | None = None
    """Days since it was built."""
    scanned: bool | None = None
    """Whether this very digest was scanned."""
    sbom: bool | None = None
    """Whether an inventory of this very digest is kept."""
    attestation: Attestation | None = None
    """What the statement of its origin is worth."""
    own: bool | None = None
    """Whether somebody here builds it, so that an attestation is to be expected."""


class Deployment(Fact, frozen=True):
    """What is asked to run, or runs."""

    ref: str | None = None
    """Key of the workload."""
    workload: str | None = None
    """Its name."""
    cluster: str | None = None
    """The cluster or account."""
    namespace: str | None = None
    """The namespace."""
    environment: str | None = None
    """`production`, `staging` …"""
    image: str | None = None
    """Name of the image."""
    digest: str | None = None
    """`sha256:…`; unknown where only a tag is named."""
    exposure: Exposure | None = None
    """Who will reach it."""
    privileged: bool | None = None
    """A container runs privileged."""
    runs_as_root: bool | None = None
    """A container runs as root."""
    host_network: bool | None = None
    """It shares the host's network."""
    declared: bool | None = None
    """Whether git declares it."""
    issues: tuple[Issue, ...] | None = None
    """Open issues of what it runs, at most 500."""


class Drift(Fact, frozen=True):
    """In what something that runs is not what is known of it."""

    ref: str | None = None
    """Workload, image and state."""
    workload: str | None = None
    """Key of what runs."""
    image: str | None = None
    """Name of the image; unknown for differences of configuration."""
    digest: str | None = None
    """The digest that runs."""
    state: (
        Literal[
            "attestation-invalid", "never-scanned", "sbom-of-another-build", "older-than-clean-build", "attestation-missing",
            "digest-unknown", "scanned", "configuration",
        ]
        | None
    ) = None  # fmt: skip
    """What is off; `configuration` where it is not what git declares."""
    field: str | None = None
    """For `configuration`: the thing that differs, such as `privileged`."""
    severity: Severity | None = None
    """How bad that is."""
    exposure: Exposure | None = None
    """Who can reach what runs."""
    age_days: int | None = None
    """Days since it was first seen so."""


class Coverage(Fact, frozen=True):
    """Whether an asset is looked at by a kind of scan that it should have."""

    ref: str | None = None
    """Asset and kind of scan."""
    kind: KindWord | None = None
    """The kind of scan: `code`, `dependency`, `secret`, `container` …"""
    scanned: bool | None = None
    """Whether a good scan of this kind was ever made."""
    age_days: int | None = None
    """Days since the last good one; unknown where there was none."""
    why: str | None = None
    """Why there is none, or the last one does not count."""


class Compliance(Fact, frozen=True):
    """Where a control of a framework stands."""

    ref: str | None = None
    """Framework and control."""
    framework: str | None = None
    """`pci-dss-4`."""
    control: str | None = None
    """`6.3.3`."""
    status: Literal["met", "not_met", "partly_met", "not_applicable"] | None = None
    """What the evidence comes to."""
    evidence_age_days: int | None = None
    """Days since the youngest evidence was frozen."""


class Actor(Fact, frozen=True):
    """Who asks for what is judged."""

    name: str | None = None
    """User name."""
    kind: Literal["person", "service", "agent"] | None = None
    """`agent` is an AI agent."""
    roles: tuple[str, ...] | None = None
    """Roles held on the application: `developer`, `approver` …"""


SUBJECTS: Final = (
    "finding", "issue", "component", "drift", "coverage", "compliance", "deployment", "build", "scan", "asset", "application", "actor",
)  # fmt: skip
"""The groups of facts, from the particular to the general. A policy is about the first group that its condition names, and looks at
each record of facts that is about the same; the groups behind it tell more of that one thing."""

GROUPS: Final[dict[str, type[Fact]]] = {
    "finding": Finding, "issue": Issue, "component": Component, "drift": Drift, "coverage": Coverage, "compliance": Compliance,
    "deployment": Deployment, "build": Build, "scan": Scan, "asset": Asset, "application": Application, "actor": Actor,
}  # fmt: skip
"""The type of each group, in the order of `SUBJECTS`."""
