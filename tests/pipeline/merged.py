"""Issues to join and to split, and what there is to say of them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from seamark.core.finding import Finding as Full
from seamark.core.severity import Severity
from seamark.pipeline.why import Link, Why, why_of
from seamark.store import evidence
from seamark.store.models import Finding, Issue, Match
from tests.factories import code, import_findings, package

SHOP = "Storefront"


def why_one(issue: Issue) -> Why:
    """Return why the findings of an issue are one."""
    rows = list(Finding.objects.filter(issue=issue).select_related("stream", "rule").order_by("id"))
    return why_of(issue, rows, evidence.read(rows))


def query(line: int = 10, tool: str = "Semgrep", **more: Any) -> Full:
    """One tool's word on a SQL injection in `app/a.py`."""
    return code(f"{tool.lower()}-sql", "SQL from a request", "app/a.py", line, cwe=89, snippet="execute(query)", **more)


def path(line: int = 20) -> Full:
    """The same tool's word on something else, in another file."""
    return code("semgrep-path", "Path from a request", "app/b.py", line, cwe=22, snippet="open(name)")


def scan(*findings: Full, tool: str = "Semgrep", **where: Any) -> None:
    import_findings(SHOP, tool, findings, **where)


def issue_at(place: str) -> Issue:
    return Issue.objects.get(place__startswith=place, merged_into=None)


def open_pairs() -> set[tuple[str, str, int]]:
    """Tool, rule and issue of what is reported now."""
    rows = Finding.objects.filter(closed_in=None)
    return set(rows.values_list("stream__tool", "rule__code", "issue"))


def links_of(issue: Issue) -> dict[str, list[Link]]:
    """The links of an issue's findings by tool."""
    tools = dict(Finding.objects.filter(issue=issue).values_list("id", "stream__tool"))
    found: dict[str, list[Link]] = {}
    for link in why_one(issue).links:
        found.setdefault(tools[link.finding], []).append(link)
    return found


def make_two() -> tuple[Issue, Issue]:
    """Two issues of one tool, in two files."""
    scan(query(), path())
    return issue_at("app/a.py"), issue_at("app/b.py")


def make_one() -> Issue:
    """One issue of two tools, on one line."""
    scan(query())
    scan(query(tool="CodeQL"), tool="CodeQL")
    found = issue_at("app/a.py")
    assert found.findings.count() == 2
    return found


def flaws() -> tuple[Issue, Issue]:
    about = ("pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")
    scan(package("CVE-2024-35195", *about), tool="Trivy")
    scan(package("GHSA-9wx4-h78v-vm56", *about), tool="pip-audit")
    left, right = Issue.objects.order_by("id")
    return left, right


def alias_turns_up() -> None:
    known = package("CVE-2024-35195", "pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check")
    both = Full(
        rule=known.rule, title=known.title, severity=known.severity, kind=known.kind, component=known.component,
        vulnerabilities=("CVE-2024-35195", "GHSA-9wx4-h78v-vm56"), location=known.location,
    )  # fmt: skip
    scan(both, tool="Grype")


def suggested(left: Issue, right: Issue) -> Match:
    """Make a suggestion between the first findings of two issues."""
    return Match.objects.create(
        application=left.application, left=left.findings.first(), right=right.findings.first(), merged=False, pending=True,
        confidence=700, reasons=[["same line", 0.45], ["sibling weaknesses", 0.25]], at=timezone.now(),
    )  # fmt: skip
