"""Corroboration on the example: what Wapiti's attacks on the running service confirm of what scanners say of its code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from seamark.analysis.correlation.corroboration import confirmations, corroborate, witness
from seamark.analysis.correlation.witness import Witness
from seamark.core.checkout import Route
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.intake.discovery.routes import routes_in
from seamark.intake.parsers.kit.read import open_report

HARBOUR = Path(__file__).resolve().parents[2] / "examples" / "harbour"
REPORTS = HARBOUR / "reports"
LATEST = "2026-06-01"
SCANNERS = {"bandit.json": "Bandit", "ruff.sarif": "ruff", "semgrep.json": "Semgrep OSS", "njsscan.sarif": "njsscan"}
CODE = "services/orders/harbour_orders"


def attacks(first: int) -> list[Witness]:
    """Return what Wapiti found; each attack is an issue of its own."""
    report = json.loads((REPORTS / "extra" / LATEST / "wapiti.json").read_text("utf-8"))
    rows = [(name, row) for name, found in report["vulnerabilities"].items() for row in found]
    return [
        Witness(
            number, "Wapiti", name, "web", _weaknesses(report["classifications"][name]["ref"]), title=name, url=row["path"],
            method=row["method"], parameter=row["parameter"] or "",
        )
        for number, (name, row) in enumerate(rows, start=first)
    ]  # fmt: skip


def _weaknesses(references: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(number) for name in references for number in re.findall(r"^CWE-(\d+)", name))


@pytest.fixture(scope="module")
def routes() -> list[Route]:
    return routes_in(HARBOUR)


def test_every_attack_leads_to_its_line_and_to_no_other(routes: list[Route]) -> None:
    places: dict[int, str] = {}
    said: list[Witness] = []
    for name, tool in SCANNERS.items():
        for item in open_report(REPORTS / LATEST / name).items():
            if isinstance(item, Finding) and isinstance(item.location, CodeLocation):
                number = len(said) + 1
                places[number] = f"{item.location.path}:{item.location.line}"
                said.append(witness(item, tool, number))
    outside = attacks(len(said) + 1)
    addresses = {one.issue: f"{one.method} {one.url} {one.parameter}" for one in outside}
    found = corroborate([*said, *outside], routes)
    assert {(addresses[one.left], places[one.right]) for one in found} == {
        ("GET /orders/export month", f"{CODE}/orders.py:70"),
        ("GET /invoices/file name", f"{CODE}/billing.py:53"),
        ("GET /customers/welcome name", f"{CODE}/customers.py:31"),
        ("GET /orders q", f"{CODE}/orders.py:27"),
        ("GET /orders sort", f"{CODE}/orders.py:27"),
    }
    assert len(said) > 100
    assert set(confirmations(found).values()) == {"dast"}
