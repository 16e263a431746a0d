"""From a match of Semgrep to a finding."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from seamark.intake.parsers.formats.semgrep.flow import flow_of
from seamark.intake.parsers.formats.semgrep.metadata import Texts
from seamark.intake.parsers.formats.semgrep.model import Match, SupplyChain
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    FlowStep,
    Kind,
    Patch,
    Reach,
    Replacement,
    Severity,
    Suppression,
    Verification,
    first_line,
    make_purl,
)

SEVERITIES = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "ERROR": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "WARNING": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "INFO": Severity.LOW,
    "EXPERIMENT": Severity.INFO,
    "INVENTORY": Severity.INFO,
}
VALIDATION = {
    "CONFIRMED_VALID": Verification.VERIFIED,
    "CONFIRMED_INVALID": Verification.REFUTED,
    "VALIDATION_ERROR": Verification.UNVERIFIED,
}
PURL_TYPES = {"gomod": "golang", "go": "golang", "mix": "hex", "swiftpm": "swift", "ruby": "gem"}
PROGRAMS = (
    ".py",
    ".js",
    ".jsx",
    ".ts",
    ".tsx",
    ".java",
    ".go",
    ".rb",
    ".php",
    ".cs",
    ".kt",
    ".scala",
    ".rs",
    ".c",
    ".cpp",
)
LOGIN = "requires login"
"""What Semgrep writes instead of lines and fingerprint where nobody is logged in."""


def finding_of(match: Match, texts: Texts) -> Finding:
    extra = match.extra
    lines = "" if extra.lines is None or extra.lines == LOGIN else extra.lines
    title = _title(extra.message) or match.check_id
    secret = texts.secret or extra.validation_state in VALIDATION
    finding = Finding(
        rule=match.check_id,
        title=title,
        severity=SEVERITIES.get(extra.severity.upper(), Severity.MEDIUM),
        severity_given=extra.severity,
        kind=Kind.SECRET if secret else _kind(match.path, texts),
        location=CodeLocation(
            path=match.path,
            line=match.start.line or None,
            column=match.start.col or None,
            end_line=match.end.line or None,
            end_column=match.end.col or None,
            snippet=lines,
        ),
        about=texts.about,
        description="" if extra.message == title else extra.message,
        confidence=texts.confidence,
        cwes=texts.about.cwes,
        vulnerabilities=texts.vulnerabilities,
        fingerprints=_fingerprints(extra.fingerprint),
        patches=_patches(match),
        verification=VALIDATION.get(extra.validation_state or ""),
        suppression=Suppression(origin="source") if extra.is_ignored else None,
        flow=flow_of(extra.dataflow_trace) if extra.dataflow_trace else (),
        secret=_secret(match, lines) if secret else "",
        tags=() if extra.historical_info is None else ("historical",),
    )
    return finding if extra.sca_info is None else _dependency(finding, match, extra.sca_info, texts)


@lru_cache(maxsize=4096)
def _title(message: str) -> str:
    # Messages are wrapped by hand in most rules: a line's end means nothing.
    return first_line(" ".join(message.split()))


def _kind(path: str, texts: Texts) -> Kind | None:
    return Kind.MISCONFIGURATION if texts.infrastructure and not path.endswith(PROGRAMS) else None


def _fingerprints(value: str | None) -> tuple[tuple[str, str], ...]:
    # The name is that of Semgrep's own SARIF, so that both forms of one run carry the same fingerprint.
    return (("matchBasedId/v1", value),) if value and value != LOGIN else ()


def _dependency(finding: Finding, match: Match, sca: SupplyChain, texts: Texts) -> Finding:
    found = sca.dependency_match.found_dependency
    lockfile = sca.dependency_match.lockfile or found.lockfile_path or found.manifest_path or match.path
    ecosystem = found.ecosystem.lower()
    used_in_code = match.path != lockfile
    step = FlowStep(location=finding.location, message="the vulnerable code is used here")  # type: ignore[arg-type]
    return msgspec.structs.replace(
        finding,
        kind=Kind.DEPENDENCY,
        location=CodeLocation(path=lockfile, line=found.line_number or (None if used_in_code else match.start.line)),
        component=Component(
            name=found.package,
            version=found.version,
            purl=make_purl(PURL_TYPES.get(ecosystem, ecosystem), found.package, found.version),
            direct={"direct": True, "transitive": False}.get((found.transitivity or "").lower()),
        ),
        fixed_versions=texts.fixed.get(found.package) or texts.fixed.get("", ()),
        reach=_reach(sca),
        flow=(step, *finding.flow) if used_in_code else finding.flow,
    )


def _reach(sca: SupplyChain) -> Reach | None:
    kind = sca.kind[0] if isinstance(sca.kind, list) and sca.kind else sca.kind
    if kind == "TransitiveUndetermined":
        return Reach.POTENTIAL
    if kind == "TransitiveUnreachable":
        return Reach.UNREACHABLE
    if kind == "LockfileOnlyMatch" or not sca.reachability_rule:
        return None
    return Reach.STATIC if sca.reachable else Reach.UNREACHABLE


def _patches(match: Match) -> tuple[Patch, ...]:
    extra = match.extra
    if extra.fix is not None:
        edit = Replacement(
            path=match.path,
            line=match.start.line,
            column=match.start.col,
            end_line=match.end.line,
            end_column=match.end.col,
            text=extra.fix,
        )
        return (Patch(replacements=(edit,)),)
    if extra.fix_regex is not None:
        # Older versions only give the rule's expression: not run here, a report must not choose our regexes.
        return (Patch(description=f"Replace /{extra.fix_regex.regex}/ by {extra.fix_regex.replacement!r}"),)
    return ()


def _secret(match: Match, lines: str) -> str:
    """Return the matched text: what a rule for secrets matches is, or holds, the secret."""
    if match.start.line == match.end.line and 0 < match.start.col < match.end.col:
        matched = lines.split("\n", 1)[0][match.start.col - 1 : match.end.col - 1]
        if matched:
            return matched.strip("\"'`")
    return lines
