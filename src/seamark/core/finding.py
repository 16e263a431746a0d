"""One problem as one tool reports it at one place."""

from __future__ import annotations

from msgspec import Struct

from seamark.core.component import Component
from seamark.core.kind import Confidence, Kind, Reach, Verification, VexState
from seamark.core.location import CodeLocation, Location
from seamark.core.severity import Severity


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a tool says once about all findings of a rule. Shared between findings, stored once."""

    id: str
    name: str = ""
    title: str = ""
    description: str = ""
    remedy: str = ""
    cwes: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


class Cvss(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A CVSS rating: a vector of any version, a base score from 0.0 to 10.0, or both."""

    vector: str = ""
    score: float | None = None
    version: str = ""
    """`2.0`, `3.0`, `3.1` or `4.0`."""
    source: str = ""


class FlowStep(Struct, frozen=True, omit_defaults=True):
    """One step of the way that data takes through the code."""

    location: CodeLocation
    message: str = ""


class Replacement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A text edit: replace the span by `text`. Lines and columns count from 1, the end is exclusive."""

    path: str
    line: int
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None
    text: str = ""


class Patch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change that the tool proposes."""

    description: str = ""
    replacements: tuple[Replacement, ...] = ()


class Suppression(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The finding was set aside in the source or in the tool."""

    origin: str = ""
    """`source` (a comment in the code) or `tool` (an ignore list, a server)."""
    justification: str = ""
    accepted: bool = True
    """False where the suppression is only asked for, or was rejected."""


class Vex(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A VEX statement about this vulnerability in this component."""

    state: VexState
    justification: str = ""
    detail: str = ""
    response: tuple[str, ...] = ()


class Exchange(Struct, frozen=True, omit_defaults=True):
    """An HTTP request and its answer, each at most 16,000 characters."""

    request: str = ""
    response: str = ""


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One problem as one tool reports it at one place. Only what the report says is set."""

    rule: str
    """The tool's rule, check, plug-in or vulnerability id."""
    title: str
    """One line, at most 500 characters."""
    severity: Severity
    severity_given: str = ""
    """The tool's own word or number; empty where it gives none and `severity` is the format's default."""
    kind: Kind | None = None
    """None stands for the kind that the parser declares."""
    location: Location | None = None
    component: Component | None = None
    """The package at fault."""
    about: Rule | None = None
    """Texts shared by all findings of the rule."""
    description: str = ""
    """What the tool says about this very finding, at most 16,000 characters."""
    remedy: str = ""
    confidence: Confidence | None = None
    cwes: tuple[int, ...] = ()
    vulnerabilities: tuple[str, ...] = ()
    """Ids of one flaw and its aliases (CVE, GHSA, OSV, RHSA …), CVE first."""
    cvss: tuple[Cvss, ...] = ()
    epss: float | None = None
    """Probability from 0 to 1, where the tool itself says it."""
    fixed_versions: tuple[str, ...] = ()
    dependency_paths: tuple[tuple[str, ...], ...] = ()
    """Ways from a direct dependency to the package, each as `name@version` steps; at most 20."""
    flow: tuple[FlowStep, ...] = ()
    """At most 100 steps."""
    fingerprints: tuple[tuple[str, str], ...] = ()
    """The tool's own fingerprints as (algorithm, value)."""
    patches: tuple[Patch, ...] = ()
    verification: Verification | None = None
    suppression: Suppression | None = None
    vex: Vex | None = None
    reach: Reach | None = None
    exchange: Exchange | None = None
    secret: str = ""
    """For secrets. A parser sets the plain text; the kit replaces it by a masked form before anyone sees it."""
    secret_digest: str = ""
    """Keyed hash of the secret, or the hash that the tool itself gives."""
    baseline: str = ""
    """SARIF's baselineState: `new`, `unchanged`, `updated`, `absent`."""
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    row: int = 0
    """Hash of the row it was read from and of all that bears on it; 0 where the format does not tell. Set by the kit."""
    seen_at: str = ""
    """When the tool saw it, RFC 3339, for events (runtime alerts) and dated findings."""
