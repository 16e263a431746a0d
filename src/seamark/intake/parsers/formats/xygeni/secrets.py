"""Xygeni's search for secrets, which it masks itself."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats.xygeni.common import Failure, Metadata, Place, is_report, location, run
from seamark.intake.parsers.kit import Finding, Item, Kind, Rule, Verification, confidence, severity, variant

_VERIFICATIONS = {
    "verified": Verification.VERIFIED,
    "active": Verification.VERIFIED,
    "inactive": Verification.REFUTED,
    "invalid": Verification.REFUTED,
    "unverified": Verification.UNVERIFIED,
}


class Handling(Struct):
    verification: str | None = ""


class Secret(Struct, rename="camel"):
    detector: str
    type: str | None = ""
    secret: str | None = ""
    hash: str | None = ""
    location: Place | None = None
    key: str | None = ""
    resource: str | None = ""
    description: str | None = ""
    severity: str | None = ""
    confidence: str | None = ""
    tags: list[str] | None = None
    unique_hash: str | None = ""
    handling: Handling | None = field(name="handlingResult", default=None)


class Report(Struct, rename="camel"):
    metadata: Metadata
    secrets: list[Secret]
    errors: list[Failure] | None = None
    current_branch: str | None = ""


@variant("xygeni", looks=is_report("secrets-xygeni", "secrets"))
def read(report: Report) -> Iterator[Item]:
    yield run(report.metadata, report.errors or (), report.current_branch or "")
    for secret in report.secrets:
        yield _finding(secret)


def _is_masked(secret: Secret) -> bool:
    masked = secret.secret or ""
    return "***" in masked and secret.location is not None and masked in (secret.location.code or "")


def _finding(secret: Secret) -> Finding:
    name = secret.description or secret.type or secret.detector
    verified = (secret.handling.verification or "").lower() if secret.handling else ""
    facts = (("Key", secret.key), ("Resource", secret.resource))
    return Finding(
        rule=secret.detector,
        title=name,
        severity=severity(secret.severity),
        severity_given=secret.severity or "",
        kind=Kind.SECRET,
        # Lines in which Xygeni has not masked the secret itself are not kept.
        location=location(secret.location, snippet=_is_masked(secret)),
        about=Rule(id=secret.detector, title=name, cwes=(798,)),
        description="\n".join(f"{word}: {text}" for word, text in facts if text),
        confidence=confidence(secret.confidence),
        cwes=(798,),
        fingerprints=(("xygeni", secret.unique_hash),) if secret.unique_hash else (),
        verification=_VERIFICATIONS.get(verified),
        secret=secret.secret or "",
        secret_digest=secret.hash or "",
        tags=tuple(secret.tags or ()),
    )
