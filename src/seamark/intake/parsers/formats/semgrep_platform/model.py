"""The findings of the platform's API."""

from __future__ import annotations

from msgspec import Raw, Struct


class Repository(Struct):
    name: str = ""
    url: str | None = ""


class Place(Struct):
    file_path: str = ""
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class RuleTexts(Struct):
    name: str = ""
    message: str | None = ""
    confidence: str | None = ""
    category: str | None = ""
    subcategories: list[str] | None = None
    vulnerability_classes: list[str] | None = None
    cwe_names: list[str] | None = None
    owasp_names: list[str] | None = None
    references: list[str] | None = None


class Dependency(Struct):
    package: str
    version: str = ""
    ecosystem: str | None = ""
    transitivity: str | None = ""


class Recommendation(Struct):
    package: str = ""
    version: str = ""


class Epss(Struct):
    score: float | None = None


class Usage(Struct):
    location: Place | None = None


class Autofix(Struct):
    fix_code: str | None = ""
    explanation: str | None = ""


class Guidance(Struct):
    summary: str | None = ""
    instructions: str | None = ""


class Assistant(Struct):
    autofix: Autofix | None = None
    guidance: Guidance | None = None


class Entry(Struct):
    id: int | str
    rule_name: str = ""
    severity: str | None = ""
    status: str | None = ""
    state: str | None = ""
    triage_state: str | None = ""
    triage_reason: str | None = ""
    triage_comment: str | None = ""
    confidence: str | None = ""
    rule_message: str | None = ""
    match_based_id: str | None = ""
    syntactic_id: str | None = ""
    repository: Repository | None = None
    ref: str | None = ""
    location: Place | None = None
    line_of_code_url: str | None = ""
    rule: RuleTexts | None = None
    created_at: str | None = ""
    categories: list[str] | None = None
    assistant: Assistant | None = None
    found_dependency: Dependency | None = None
    vulnerability_identifier: str | None = ""
    reachability: str | None = ""
    fix_recommendations: list[Recommendation] | None = None
    epss_score: Epss | None = None
    usage: Usage | None = None


class Page(Struct):
    findings: Raw
