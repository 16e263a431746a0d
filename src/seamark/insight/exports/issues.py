"""How an issue is shown as JSON, for the command line and the API alike."""

from __future__ import annotations

from typing import Any

from seamark.analysis.risk.engine import reason
from seamark.analysis.risk.facts import decode
from seamark.core.kind import KINDS_BY_CODE
from seamark.core.severity import Severity
from seamark.store.models import Issue


def as_json(issue: Issue) -> dict[str, Any]:
    """Return an issue's row as plain values. Its application has to be loaded with it."""
    return {
        "id": issue.reference,
        "title": issue.title,
        "reason": reason(decode(issue.facts)),
        "risk": issue.risk / 10,
        "priority": f"P{issue.priority}",
        "severity": Severity(issue.severity).word,
        "kind": KINDS_BY_CODE[issue.kind].value,
        "application": issue.application.name,
        "state": issue.get_state_display(),
        "resolution": issue.resolution or None,
        "place": issue.place,
        "component": issue.component or None,
        "rule": issue.rule,
        "cwe": issue.cwe,
        "kev": issue.kev,
        "fixable": issue.fixable,
        "regression": issue.regression,
        "branch_only": issue.branch_only,
        "ai_written": issue.ai_written,
        "tools": issue.tools,
        "owner": issue.owner or None,
        "due": issue.due.isoformat() if issue.due else None,
        "fix": issue.fix_id,
        "opened_at": issue.opened_at.isoformat(),
        "resolved_at": issue.resolved_at.isoformat() if issue.resolved_at else None,
    }
