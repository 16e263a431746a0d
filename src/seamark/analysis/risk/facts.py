"""The inputs of a score: what is known of one issue. A missing fact is None, never zero."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from seamark.core.kind import Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True, cache_hash=True):
    """Everything that the engine looks at. Kept with the issue, so that its receipt can be recomputed anywhere."""

    severity: Severity
    """The worst that a tool says now."""
    kind: Kind
    cvss: int | None = None
    """Highest base score in tenths, 0 to 100."""
    epss: float | None = None
    """Probability of exploitation within 30 days, 0 to 1."""
    epss_date: str = ""
    kev_added: str = ""
    """The day it entered a catalogue of known exploited vulnerabilities, or empty."""
    ransomware: bool = False
    exploit: str = ""
    """What is public to exploit it: `none`, `poc`, `template`, `weaponised`, or empty where nobody looked."""
    intelligence: str = ""
    """Snapshot of the feeds that EPSS and KEV come from; empty where none was asked about it."""
    verification: Verification | None = None
    confidence: Confidence | None = None
    reach: Reach | None = None
    development: bool = False
    """Only a development dependency."""
    fixable: bool = False
    tools: int = 1
    corroborated: str = ""
    """What of another kind confirms it: `dast`, `pentest`, `runtime`, sorted, with commas between; empty where nothing is known to."""
    criticality: int = 0
    """Tier of the application, 1 (most critical) to 4; 0 is not known."""
    exposure: str = ""
    """`internet`, `partner`, `internal`, `none`, or empty for not known."""
    data_classes: tuple[str, ...] = ()
    context: str = ""
    """Where criticality, exposure and data classes come from."""
    cwe: int = 0
    """The weakness, 0 where none is named."""
    test: bool = False
    """Only a test dependency, or in a test's code."""
    depth: int = 0
    """Of a dependency: 1 asked for by name, 2 and more through others, 0 not known."""
    impact: str = ""
    """SSVC's technical impact: `partial`, `total`, or empty where nobody stated it."""
    automatable: str = ""
    """SSVC: `yes`, `no`, or empty where nobody stated it."""
    epss_before: float | None = None
    """EPSS about 30 days earlier, where it was loaded then."""
    secret_state: str = ""
    """Of a secret: `valid`, `revoked`, `test`, or empty where nobody tried."""
    effort: str = ""
    """What the fix takes: `patch`, `minor`, `major`, `configuration`, `rotate`, `code`, `none` (no fix is known), or empty."""
    environment: str = ""
    """`production`, `staging`, `test`, `development` …, or empty for not known: the most productive that it runs in."""
    deployed: str = ""
    """`running`, `not_running` (all places where it could run were looked at), or empty for not known."""
    privileges: str = ""
    """Of what runs it: `privileged`, `root`, `restricted`, or empty for not known."""
    blast: int = -1
    """How many assets a flaw in it reaches, -1 for not known."""
    controls: tuple[str, ...] = ()
    """Compensating controls in force: `name (until 2027-01-31)`."""
    sla_tier: str = ""
    revenue_per_hour: float | None = None
    age: int = 0
    """Days that it is open, in steps: 0, 30, 90, 180, 365."""
    origins: tuple[tuple[str, str], ...] = ()
    """Where single facts are known from, by the fact's name: `("exposure", "deploy/k8s/ingress.yaml:4")`, sorted."""
    certainty: tuple[tuple[str, float], ...] = ()
    """How sure whoever states a fact says to be of it, 0 to 1, by the fact's name: `("reach", 0.9)`, sorted. Ceilings ask for it."""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Facts)


def encode(facts: Facts) -> str:
    """Return the facts as JSON text, without what is not known."""
    return _ENCODER.encode(facts).decode()


def decode(content: object) -> Facts:
    """Return the facts from what `encode` wrote, as text or as a decoded object."""
    if isinstance(content, str | bytes):
        return _DECODER.decode(content)
    return msgspec.convert(content, Facts)
