"""One tool's reports in the forms that matter for closing: two findings, one of them, none; for each family of formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .reports import RULES, grype, hit, sarif, trivy

Places = Sequence[int]
"""Which of the findings 0 and 1 a report holds, in which order."""
FILES = ("src/a.py", "src/b.py")
_FLAWS = (
    {"id": "CVE-2021-44228", "ghsa": "GHSA-jfh8-c2jp-5v3q", "package": "org.acme:log", "version": "2.14.1", "fixed": "2.15.0"},
    {"id": "CVE-2022-22965", "ghsa": "GHSA-36p3-wjmg-h94x", "package": "org.acme:web", "version": "5.3.0", "fixed": "5.3.18"},
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """A format; `report` makes a report of some findings by a run over everything."""

    name: str
    report: Callable[[Places], Any]
    unproved: Any
    """A report without findings in which nothing shows that anything was looked at."""
    vouched: Any
    """A report without findings that closes everything once somebody vouches for it."""

    def __str__(self) -> str:
        return self.name


def of_sarif(places: Places, **run: Any) -> dict[str, Any]:
    """Return a SARIF log."""
    return sarif([hit(RULES[at], FILES[at], 10 + at) for at in places], **run)


def semgrep(places: Places, scanned: Sequence[str] = FILES, **more: Any) -> dict[str, Any]:
    """Return a Semgrep report."""
    return {
        "version": "1.120.0", "errors": [], "paths": {"scanned": list(scanned)}, "skipped_rules": [],
        "results": [
            {
                "check_id": f"rules.{at}", "path": FILES[at], "start": {"line": 5, "col": 1}, "end": {"line": 5, "col": 9},
                "extra": {"message": f"Flaw {at}", "severity": "ERROR", "metadata": {"cwe": ["CWE-89"]}, "lines": f"run({at})"},
            }
            for at in places
        ],
    } | more  # fmt: skip


def bandit(places: Places, scanned: Sequence[str] = FILES, **more: Any) -> dict[str, Any]:
    """Return a Bandit report."""
    return {
        "errors": [], "metrics": {"_totals": {"SEVERITY.LOW": len(places)}} | {path: {} for path in scanned},
        "results": [
            {
                "code": f"7 run({at})\n", "filename": FILES[at], "issue_confidence": "HIGH", "issue_severity": "LOW", "issue_text": f"Flaw {at}.",
                "line_number": 7, "line_range": [7], "test_id": f"B60{at}", "test_name": "x",
            }
            for at in places
        ],
    } | more  # fmt: skip


def cyclonedx(places: Places, *, listed: bool = True) -> dict[str, Any]:
    """Return a bill of materials with its vulnerabilities."""
    components = [
        {"type": "library", "bom-ref": flaw["package"], "name": flaw["package"], "version": flaw["version"],
         "purl": f"pkg:maven/{flaw['package'].replace(':', '/')}@{flaw['version']}"}
        for flaw in _FLAWS
    ]  # fmt: skip
    rows = [
        {
            "id": _FLAWS[at]["id"],
            "ratings": [{"severity": "high"}],
            "affects": [{"ref": _FLAWS[at]["package"]}],
        }
        for at in places
    ]
    head = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}
    return head | ({"vulnerabilities": rows} if listed else {})


def zap(places: Places, site: str = "https://shop.example") -> dict[str, Any]:
    """Return a ZAP report."""
    alerts = [
        {
            "pluginid": str(40000 + at), "alert": f"Flaw {at}", "name": f"Flaw {at}", "riskcode": "2", "confidence": "2", "riskdesc": "Medium (Medium)",
            "desc": "<p>Text</p>", "cweid": "79", "instances": [{"uri": f"{site}/{'ab'[at]}/list", "method": "GET", "param": "q"}],
        }
        for at in places
    ]  # fmt: skip
    return {"@programName": "ZAP", "@version": "2.16.1", "site": [{"@name": site, "alerts": alerts}] if alerts else []}


CHECKS = ("CKV_AWS_18", "CKV_AWS_21")
_TERRAFORM = ("infra/s3.tf", "infra/logs.tf")


def checkov(
    places: Places,
    passed: Sequence[tuple[str, str]] | None = None,
    *,
    files: Sequence[str] = _TERRAFORM,
    **results: Any,
) -> dict[str, Any]:
    """Return a Checkov report. `passed` lists checks with their files, where a run is not `--quiet`."""

    def row(check: str, path: str) -> dict[str, Any]:
        return {"check_id": check, "check_name": f"Check {check}", "file_path": f"/{path}", "file_line_range": [1, 9],
                "resource": f"aws_s3_bucket.{path[6:8]}", "check_result": {"result": "FAILED"}}  # fmt: skip

    failed = [row(CHECKS[at], files[at]) for at in places]
    listed = {} if passed is None else {"passed_checks": [row(*one) for one in passed]}
    return {
        "check_type": "terraform",
        "results": {"failed_checks": failed, **listed, **results},
        "summary": {"passed": len(passed or ()), "failed": len(failed), "checkov_version": "3.2.400"},
    }


def of_trivy(places: Places) -> dict[str, Any]:
    """Return a Trivy report of a file system; one without findings names no file either."""
    report = trivy([_FLAWS[at] for at in places])
    return report if places else {key: value for key, value in report.items() if key != "Results"}


def of_grype(places: Places) -> dict[str, Any]:
    """Return a Grype report."""
    return grype([_FLAWS[at] for at in places])


FAMILIES = (
    Family("sarif", of_sarif, of_sarif((), success=None, rules=()), of_sarif((), success=None, rules=())),
    Family("semgrep", semgrep, semgrep((), scanned=()), semgrep(())),
    Family("bandit", bandit, bandit((), scanned=()), bandit(())),
    Family("trivy", of_trivy, of_trivy(()), of_trivy(())),
    Family("grype", of_grype, of_grype(()), of_grype(())),
    Family("cyclonedx", cyclonedx, cyclonedx((), listed=False), cyclonedx(())),
    Family("zap", zap, zap(()), zap(())),
    Family("checkov", checkov, checkov(()), checkov(())),
)
