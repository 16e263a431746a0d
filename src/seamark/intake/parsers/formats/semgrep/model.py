"""The JSON report of Semgrep, as its interface definition describes it."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct


class Position(Struct):
    line: int
    col: int = 0


class FoundDependency(Struct):
    package: str
    version: str = ""
    ecosystem: str = ""
    transitivity: str | None = None
    line_number: int | None = None
    lockfile_path: str | None = None
    manifest_path: str | None = None


class DependencyMatch(Struct):
    found_dependency: FoundDependency
    lockfile: str | None = None


class SupplyChain(Struct):
    dependency_match: DependencyMatch
    reachable: bool = False
    reachability_rule: bool = False
    kind: Any = None


class FixRegex(Struct):
    regex: str = ""
    replacement: str = ""


class Extra(Struct):
    message: str = ""
    severity: str = ""
    metadata: Raw = Raw()
    metavars: Raw = Raw()
    lines: str | None = ""
    fingerprint: str | None = ""
    fix: str | None = None
    fix_regex: FixRegex | None = None
    is_ignored: bool | None = None
    sca_info: SupplyChain | None = None
    dataflow_trace: Any = None
    engine_kind: Any = None
    validation_state: str | None = None
    historical_info: dict[str, Any] | None = None


class Match(Struct):
    check_id: str
    path: str
    start: Position
    end: Position
    extra: Extra


class Trouble(Struct):
    level: str = "error"
    type: Any = ""
    message: str | None = ""
    long_msg: str | None = ""
    short_msg: str | None = ""
    path: str | None = ""
    rule_id: str | None = ""


class Skipped(Struct):
    path: str = ""
    reason: str = ""


class SkippedRule(Struct):
    rule_id: str = ""
    details: str = ""


class Paths(Struct):
    scanned: list[str] | None = None
    skipped: list[Skipped] | None = None


class Report(Struct):
    results: Raw
    errors: list[Trouble]
    version: str | None = ""
    paths: Paths | None = None
    skipped_rules: list[SkippedRule] | None = None
    engine_requested: str | None = ""
