"""An application with code, its people, and an engagement with a tester who may do nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from seamark.core.severity import Severity
from seamark.pipeline.engagements import agreeing, rights
from seamark.pipeline.engagements.agreeing import Terms
from seamark.pipeline.engagements.reporting import Sending, take
from seamark.store.models import Application, Engagement, Issue, PentestFinding, User
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person

PROOF = "Sent q=' OR 1=1 -- again: 400 Bad Request, and no row came back."


def report(*titles: str, severity: str = "high", run: dict[str, Any] | None = None) -> bytes:
    """Return a tester's report in the generic format."""
    rows = [
        {
            "title": title, "severity": severity, "kind": "pentest", "cwes": [89], "rule": f"T-{title}",
            "location": {"place": "web", "url": f"https://shop.example/{title.lower().replace(' ', '-')}", "method": "GET"},
        }
        for title in titles
    ]  # fmt: skip
    return json.dumps({"run": {"tool": "By hand", **(run or {})}, "findings": rows}).encode()


@pytest.fixture
def shop(db: None) -> Application:
    """An application with an SQL injection that a scanner found in its code."""
    import_findings("Shop", "Semgrep", [code("sqli", "SQL injection", "shop/search.py", 4, Severity.MEDIUM, cwe=89)])
    return Application.objects.get(slug="shop")


@pytest.fixture
def ada(shop: Application) -> User:
    """Triages the shop and manages its engagements."""
    return make_person("ada", Role.ANALYST, application=shop)


@pytest.fixture
def dev(shop: Application) -> User:
    """Mends the shop."""
    return make_person("dev", Role.DEVELOPER, application=shop)


@pytest.fixture
def tess(shop: Application) -> User:
    """Has no role at all."""
    return make_person("tess")


def terms(**changes: Any) -> Terms:
    """Return terms of an engagement that runs now."""
    now = rights.today()
    return Terms(
        **{
            "name": "Spring test",
            "starts": now,
            "ends": now + timedelta(days=9),
            "rules": "Office hours only",
            **changes,
        }
    )


@pytest.fixture
def engagement(shop: Application, ada: User, tess: User) -> Engagement:
    """Runs now; tess tests."""
    row = agreeing.create(ada, shop, terms())
    agreeing.add_tester(ada, row, tess)
    return row


def sent(row: Engagement, person: User | None, folder: Path, *titles: str, **more: Any) -> list[PentestFinding]:
    """Report findings, and return them."""
    path = folder / f"report-{row.pk}-{row.reports.count()}.json"
    path.write_bytes(report(*titles))
    take(person, row, path, path.name, Sending(**more))
    return list(row.findings.order_by("-pk")[: len(titles)])[::-1]


def issue_of(one: PentestFinding) -> Issue:
    """Return the issue of a finding as it is now."""
    return Issue.objects.get(findings=one.finding_id)
