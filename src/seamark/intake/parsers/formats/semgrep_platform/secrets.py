"""Secrets of the platform's API, which it lists in a form of their own."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Suppression,
    Verification,
    confidence,
    json_object,
    moment,
    references,
    severity,
    variant,
)

VALIDATION = {
    "CONFIRMED_VALID": Verification.VERIFIED,
    "CONFIRMED_INVALID": Verification.REFUTED,
    "VALIDATION_ERROR": Verification.UNVERIFIED,
}
GONE = {"FIXED", "REMOVED"}


class Repository(Struct):
    name: str = ""


class Secret(Struct, rename="camel"):
    id: int | str
    finding_path: str
    type: str = ""
    severity: str | None = ""
    confidence: str | None = ""
    status: str | None = ""
    mode: str | None = ""
    validation_state: str | None = ""
    historical: bool | None = None
    repository: Repository | None = None
    ref: str | None = ""
    finding_path_url: str | None = ""
    created_at: str | None = ""


class Page(Struct):
    findings: list[Secret]


def _is_page(probe: Probe) -> bool:
    row = probe.get("findings.0")
    return isinstance(row, dict) and {"findingPath", "validationState"} <= row.keys()


@variant("semgrep-platform", looks=json_object("findings", where=_is_page))
def read(page: Page) -> Iterator[Item]:
    yield Run(tool="Semgrep AppSec Platform", complete=False)
    for secret in page.findings:
        if _word(secret.status, "FINDING_STATUS_") not in GONE:
            yield _finding(secret)


def _finding(secret: Secret) -> Finding:
    path, _, line = secret.finding_path.rpartition(":")
    numbered = bool(path) and line.isascii() and line.isdigit() and len(line) < 10
    given = _word(secret.severity, "SEVERITY_")
    rule = secret.type or "secret"
    return Finding(
        rule=rule,
        title=f"{secret.type} secret" if secret.type else "Secret",
        severity=severity(given or None, Severity.HIGH),
        severity_given=given,
        kind=Kind.SECRET,
        location=CodeLocation(path=path, line=int(line)) if numbered else CodeLocation(path=secret.finding_path),
        about=Rule(id=rule, cwes=(798,)),
        confidence=confidence(_word(secret.confidence, "CONFIDENCE_")),
        cwes=(798,),
        fingerprints=(("semgrep", str(secret.id)),),
        verification=VALIDATION.get(_word(secret.validation_state, "VALIDATION_STATE_")),
        suppression=Suppression(origin="tool") if _word(secret.status, "FINDING_STATUS_") == "IGNORED" else None,
        references=references(secret.finding_path_url),
        tags=("historical",) if secret.historical else (),
        seen_at=moment(secret.created_at),
    )


def _word(given: str | None, prefix: str) -> str:
    """Return the word of a protocol's constant (`SEVERITY_HIGH`)."""
    return (given or "").upper().removeprefix(prefix)
