"""Records of facts: a thing that is judged, with what is known around it, and the form in which they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Final

import msgspec
from msgspec import Struct

from seamark.core.severity import Severity
from seamark.governance.policy.groups import (
    GROUPS,
    SUBJECTS,
    Actor,
    Application,
    Asset,
    Attestation,
    Build,
    Compliance,
    Component,
    Coverage,
    Deployment,
    Drift,
    Exposure,
    Fact,
    Finding,
    Issue,
    KindWord,
    LicenceClass,
    PathClass,
    Scan,
)

__all__ = [
    "CONSTANTS",
    "GROUPS",
    "SUBJECTS",
    "Actor",
    "Application",
    "Asset",
    "Attestation",
    "Build",
    "Compliance",
    "Component",
    "Coverage",
    "Deployment",
    "Drift",
    "Exposure",
    "Fact",
    "Facts",
    "Finding",
    "Issue",
    "KindWord",
    "LicenceClass",
    "PathClass",
    "Scan",
    "decode",
    "decode_all",
    "encode",
    "encode_all",
    "examples_from",
]

_GROUPS_OF: Final = attrgetter(*SUBJECTS)


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One record: a thing that is judged, with what is known around it."""

    finding: Finding | None = None
    issue: Issue | None = None
    component: Component | None = None
    drift: Drift | None = None
    coverage: Coverage | None = None
    compliance: Compliance | None = None
    deployment: Deployment | None = None
    build: Build | None = None
    scan: Scan | None = None
    asset: Asset | None = None
    application: Application | None = None
    actor: Actor | None = None
    waived: tuple[tuple[str, str], ...] = ()
    """Approved exceptions: name of the policy, or `*` for all, and the exception's reference. Nothing else unblocks a gate."""

    @property
    def subject(self) -> str:
        """The group that this record is about; empty for a record without any."""
        for name, group in zip(SUBJECTS, _GROUPS_OF(self), strict=True):
            if group is not None:
                return name
        return ""

    @property
    def ref(self) -> str:
        """What the record is about, by its reference; empty where it has none."""
        return getattr(getattr(self, self.subject, None), "ref", None) or ""


CONSTANTS: Final[dict[str, int]] = {severity.name: int(severity) for severity in Severity}
"""Words that conditions may use for severities."""

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Facts)


def encode(facts: Facts) -> bytes:
    """Return a record as one line of JSON without what is not known; equal records give equal bytes."""
    return _ENCODER.encode(facts)


def decode(line: bytes | str) -> Facts:
    """Return the record that `encode` wrote. Raises `msgspec.DecodeError`."""
    return _DECODER.decode(line)


def encode_all(facts: Iterable[Facts]) -> bytes:
    """Return records as sorted lines of JSON: what the digest of a verdict is over, and what a replay reads."""
    return b"\n".join(sorted(map(encode, facts)))


def decode_all(lines: bytes) -> Iterator[Facts]:
    """Yield the records that `encode_all` wrote."""
    return (decode(line) for line in lines.split(b"\n") if line)


def examples_from(content: object) -> Facts:
    """Return the record that an example writes down; severities may be words. Raises `msgspec.ValidationError`."""
    return msgspec.convert(_words(content), Facts)


def _words(content: object) -> object:
    """Turn severities in words into their numbers."""
    if isinstance(content, dict):
        return {key: _severity(value) if key == "severity" else _words(value) for key, value in content.items()}
    return [_words(each) for each in content] if isinstance(content, list) else content


def _severity(value: object) -> object:
    return CONSTANTS.get(value.upper(), value) if isinstance(value, str) else value
