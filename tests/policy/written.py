"""Policies for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from seamark.core.severity import Severity
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.facts import Application, Asset, Facts, Issue
from seamark.governance.policy.model import Source

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HEAD = "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: NAME}\nspec:\n"
MATCH = 'issue.severity >= CRITICAL && asset.exposure == "internet" && !issue.waived'


def text(
    match: str = MATCH,
    *lines: str,
    name: str = "one",
    stages: str = "{pull_request: block, deploy: block, monitor: ticket}",
) -> str:
    """Return a policy as YAML; further lines belong to its spec."""
    own = [f"match: {match}", *([f"stages: {stages}"] if stages else []), *lines]
    return HEAD.replace("NAME", name) + "".join(f"  {line}\n" for line in own)


def bundle(*texts: str) -> Bundle:
    """Compile policies, each a file of its own."""
    return Bundle.compile([Source(f"{number}.yaml", one) for number, one in enumerate(texts)])


def record(
    ref: str = "SM-1", *, exposure: str | None = "internet", application: Application | None = None, **more: Any
) -> Facts:
    """Return a critical issue on the internet; `more` are facts of the issue."""
    told = {"severity": Severity.CRITICAL, "waived": False, **more}
    return Facts(issue=Issue(ref=ref, **told), asset=Asset(exposure=exposure), application=application)  # type: ignore[arg-type]
