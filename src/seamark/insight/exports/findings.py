"""How a finding is shown as JSON, for the command line and the API alike."""

from __future__ import annotations

from typing import Any

import msgspec

from seamark.core.component import parse_purl
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation


def as_json(finding: Finding, *, report: str, index: int, tool: str, format: str) -> dict[str, Any]:
    """Return a finding as plain values: always the same leading keys, and what else is known behind them."""
    about = finding.about
    content: dict[str, Any] = msgspec.to_builtins(finding)
    for key in (
        "rule",
        "title",
        "severity",
        "kind",
        "location",
        "component",
        "cwes",
        "vulnerabilities",
        "about",
        "fixed_versions",
    ):
        content.pop(key, None)
    location = msgspec.to_builtins(finding.location) if finding.location is not None else {}
    if isinstance(finding.location, CodeLocation):
        location.setdefault("line", None)
    shown: dict[str, Any] = {
        "report": report,
        "index": index,
        "tool": tool,
        "format": format,
        "rule": finding.rule,
        "title": finding.title,
        "severity": finding.severity.word,
        "kind": finding.kind.value if finding.kind else None,
        "cwes": list(finding.cwes or (about.cwes if about else ())),
        "vulnerabilities": list(finding.vulnerabilities),
        "location": location,
        "component": _component(finding),
    }
    if about is not None:
        if not content.get("description") and about.description:
            content["description"] = about.description
        if not content.get("remedy") and about.remedy:
            content["remedy"] = about.remedy
        references = [*content.get("references", ()), *about.references]
        if references:
            content["references"] = list(dict.fromkeys(references))
    if len(finding.fixed_versions) > 1:
        content["fixed_versions"] = list(finding.fixed_versions)
    return shown | content


def _component(finding: Finding) -> dict[str, Any] | None:
    component = finding.component
    if component is None:
        return None
    parsed = parse_purl(component.purl) if component.purl else None
    return {
        "purl": component.purl or None,
        "name": component.name,
        "version": component.version or (parsed.version if parsed else None) or None,
        "fixed_version": finding.fixed_versions[0] if finding.fixed_versions else None,
    }
