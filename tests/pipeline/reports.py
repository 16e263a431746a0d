"""Small reports of several tools, made to measure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RULES = ("py/sql-injection", "py/path-injection", "py/weak-hash", "py/never-seen")
CWES = {"py/sql-injection": 89, "py/path-injection": 22, "py/weak-hash": 327, "py/never-seen": 1}


def hit(rule: str = RULES[0], path: str = "app.py", line: int = 10, **more: Any) -> dict[str, Any]:
    """Return what `sarif` takes: rule, path, line and optionally message, snippet, level, fingerprint, suppressed."""
    return {"rule": rule, "path": path, "line": line, **more}


def sarif(
    hits: Iterable[dict[str, Any]], *, tool: str = "Acme", rules: Iterable[str] = RULES, success: bool | None = True,
    results: bool = True, **run: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return a SARIF log with one run."""
    listed = [{"id": rule, "properties": {"tags": [f"external/cwe/cwe-{CWES.get(rule, 1):03d}"]}} for rule in rules]
    content: dict[str, Any] = {"tool": {"driver": {"name": tool, "version": "1.0", "rules": listed}}, **run}
    if success is not None:
        content["invocations"] = [{"executionSuccessful": success}]
    if results:
        content["results"] = [_result(one) for one in hits]
    return {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [content]}


def _result(one: dict[str, Any]) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": one["line"]}
    if snippet := one.get("snippet"):
        region["snippet"] = {"text": snippet}
    result: dict[str, Any] = {
        "ruleId": one["rule"], "level": one.get("level", "warning"), "message": {"text": one.get("message", f"{one['rule']} is violated")},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": one["path"]}, "region": region}}],
    }  # fmt: skip
    if fingerprint := one.get("fingerprint"):
        result["partialFingerprints"] = {"primaryLocationLineHash": fingerprint}
    if one.get("suppressed"):
        result["suppressions"] = [{"kind": "inSource", "justification": "reviewed"}]
    return result


def trivy(rows: Iterable[dict[str, Any]], target: str = "pom.xml") -> dict[str, Any]:
    """Return a Trivy file-system report; rows are (id, package, version, fixed, severity)."""
    return {
        "SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem",
        "Results": [{
            "Target": target, "Class": "lang-pkgs", "Type": "pom",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": row["id"], "PkgName": row["package"], "InstalledVersion": row["version"], "FixedVersion": row.get("fixed", ""),
                    "Severity": row.get("severity", "HIGH"), "Title": f"{row['id']} in {row['package']}", "Status": "fixed",
                    "PkgIdentifier": {"PURL": f"pkg:maven/{row['package'].replace(':', '/')}@{row['version']}"},
                }
                for row in rows
            ],
        }],
    }  # fmt: skip


def grype(rows: Iterable[dict[str, Any]], path: str = "/app.jar") -> dict[str, Any]:
    """Return a Grype report whose matches are by GHSA, with the CVE as a related vulnerability."""
    return {
        "matches": [
            {
                "vulnerability": {
                    "id": row["ghsa"], "dataSource": f"https://advisories.example/{row['ghsa']}", "namespace": "github:language:java",
                    "severity": row.get("severity", "Critical"), "urls": [], "description": "A flaw.", "cvss": [],
                    "fix": {"versions": [row["fixed"]] if row.get("fixed") else [], "state": "fixed" if row.get("fixed") else "unknown"},
                    "advisories": [],
                },
                "relatedVulnerabilities": [{"id": row["id"], "dataSource": "https://nvd.example", "namespace": "nvd:cpe", "severity": "Critical", "urls": [], "cvss": []}],
                "matchDetails": [{"type": "exact-direct-match", "matcher": "java-matcher", "searchedBy": {}, "found": {}}],
                "artifact": {
                    "id": "1", "name": row["package"].split(":")[-1], "version": row["version"], "type": "java-archive", "language": "java",
                    "locations": [{"path": path}], "licenses": [], "cpes": [], "purl": f"pkg:maven/{row['package'].replace(':', '/')}@{row['version']}", "upstreams": [],
                },
            }
            for row in rows
        ],
        "source": {"type": "directory", "target": "."}, "distro": {"name": "", "version": "", "idLike": None},
        "descriptor": {"name": "grype", "version": "0.80.0"},
    }  # fmt: skip


def osv(rows: Iterable[dict[str, Any]], path: str = "pom.xml") -> dict[str, Any]:
    """Return an OSV-Scanner report."""
    return {
        "results": [{
            "source": {"path": path, "type": "lockfile"},
            "packages": [
                {
                    "package": {"name": row["package"], "version": row["version"], "ecosystem": "Maven"},
                    "vulnerabilities": [{"id": row["ghsa"], "aliases": [row["id"]], "summary": "A flaw", "modified": "2026-01-01T00:00:00Z", "affected": []}],
                    "groups": [{"ids": [row["ghsa"]], "aliases": [row["ghsa"], row["id"]], "max_severity": "9.8"}],
                }
                for row in rows
            ],
        }],
    }  # fmt: skip


def write(path: Path, content: Any) -> Path:
    """Write a report as JSON and return its path."""
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path
