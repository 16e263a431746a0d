"""The values that drift is worked out from. Times are RFC 3339 with their zone, or empty."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct


class Verdict(StrEnum):
    """What an attestation's signature is worth."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    """Nobody gave a key to verify it with."""
    INVALID = "invalid"


class Scanned(Struct, frozen=True):
    """The scans of one build of an image."""

    digest: str
    at: str
    """When the latest of them ran."""
    severe: int
    """High and critical findings that stood open then."""
    first: str = ""
    """When the first of them ran: the build is no younger."""


class Listed(Struct, frozen=True):
    """An inventory of one build of an image."""

    digest: str
    at: str = ""


class Attested(Struct, frozen=True):
    """A statement of who built something, and what its signature is worth."""

    digest: str
    verdict: Verdict
    at: str = ""


class Built(Struct, frozen=True):
    """A build as the registry has it."""

    digest: str
    at: str
    tags: tuple[str, ...] = ()


class Image(Struct, frozen=True, kw_only=True):
    """What is known of an image, over all its builds."""

    name: str
    own: bool = False
    """Whether somebody here builds it: it is then expected to be attested."""
    scans: tuple[Scanned, ...] = ()
    inventories: tuple[Listed, ...] = ()
    attestations: tuple[Attested, ...] = ()
    builds: tuple[Built, ...] = ()


class Running(Struct, frozen=True, kw_only=True):
    """Something that runs images, as facts of `Found` tell it."""

    key: str
    kind: str = "workload"
    """As in `AssetKind`."""
    name: str = ""
    images: tuple[dict[str, Any], ...] = ()
    """With `name`, `tag`, `digest` and `container`, each as far as it is known."""
    facts: dict[str, Any] = {}
    exposure: str = ""
    declared: Declared | None = None


class Declared(Struct, frozen=True, kw_only=True):
    """The declaration in git of something that runs."""

    key: str
    facts: dict[str, Any]
    at: str = ""
    """`deploy/k8s/orders.yaml:12`."""


class State(StrEnum):
    """Where a running image stands. The first that holds in this order is the image's state; all that hold are told."""

    ATTESTATION_INVALID = "attestation-invalid"
    NEVER_SCANNED = "never-scanned"
    SBOM_OF_ANOTHER_BUILD = "sbom-of-another-build"
    OLDER_THAN_CLEAN_BUILD = "older-than-clean-build"
    ATTESTATION_MISSING = "attestation-missing"
    DIGEST_UNKNOWN = "digest-unknown"
    SCANNED = "scanned"


class Judged(Struct, frozen=True, kw_only=True):
    """One image that runs in one workload."""

    workload: str
    """Its key."""
    image: str
    digest: str
    tag: str = ""
    container: str = ""
    state: State
    states: tuple[State, ...] = ()
    """All that hold, in the order of `State`."""
    reasons: dict[str, str] = {}
    """For each of these a sentence."""


class Difference(Struct, frozen=True, kw_only=True):
    """One thing in which what runs is not what git declares."""

    workload: str
    declared: str
    """Key of the declaration."""
    at: str
    field: str
    """`image`, `privileged`, `run-as-root`, `host-network`, `variables`, `ports`, `service-account` …"""
    runs: str
    """What runs, in words."""
    says: str
    """What git says."""
    worse: bool = False
    """Whether what runs is less safe than what was declared."""


class Drift(Struct, frozen=True, kw_only=True):
    """All of it."""

    images: tuple[Judged, ...] = ()
    differences: tuple[Difference, ...] = ()
    idle: tuple[Image, ...] = ()
    """Images that were scanned and run nowhere; empty where not all that runs is known."""
