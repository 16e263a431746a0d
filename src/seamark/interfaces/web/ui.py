"""The component library: every part of the pages, drawn by the templates that draw it elsewhere, with made-up content."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from seamark.analysis.risk.engine import receipt
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.profile import default_profile
from seamark.analysis.risk.ssvc import decide, tree_named
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.severity import Severity
from seamark.governance.triage.lifecycle import RESOLUTIONS
from seamark.insight.analytics.effort import curve_of
from seamark.insight.analytics.fix_options import Option, Options
from seamark.interfaces.web.facets import Choice
from seamark.interfaces.web.fixes import Asked, drawn
from seamark.interfaces.web.history import Happened
from seamark.interfaces.web.issue import TREE, Otherwise, bars
from seamark.interfaces.web.issues import Row
from seamark.store.models import Application, Asset, FixPlan, Issue, User
from seamark.store.models.issues import State
from seamark.store.query import Count, Query

THEMES: Final = ("light", "dark")
COLOURS: Final = (
    ("bg", "ink"), ("surface", "ink"), ("surface", "ink-2"), ("surface", "ink-3"), ("accent", "accent-ink"), ("accent-soft", "accent"),
    ("critical-soft", "critical"), ("high-soft", "high"), ("medium-soft", "medium"), ("low-soft", "low"), ("info-soft", "info"),
    ("good-soft", "good"),
)  # fmt: skip
"""Grounds with the ink that is written on each: names of tokens."""
PRIORITIES: Final = (0, 1, 2, 3, 4)


def show(request: HttpRequest) -> HttpResponse:
    """Show the parts, in the person's theme or in the one that the address names."""
    theme = request.GET.get("theme", "")
    context: dict[str, Any] = {
        "shown_theme": theme if theme in THEMES else "", "themes": THEMES, "colours": COLOURS, "priorities": PRIORITIES,
        "samples": [
            Message(constants.SUCCESS, "3 issues dismissed.", extra_tags="undo 0-0"),
            Message(constants.ERROR, "A dismissal needs a reason: write a sentence that another person can check later"),
        ],
        "rows": _rows(), "columns": ["title", "where", "owner", "fix", "tools", "when"], "works": True, "triages": True,
        "resolutions": RESOLUTIONS, "facets": _facets(), "sums": _sums(), "today": timezone.localdate(), "total": Count(3, more=False),
        "next": "?after=1", "previous": "?before=1", "moment": timezone.now() - timedelta(hours=3), "options": _options(), "plan": _plan(),
        **_receipt(), "history": _history(),
        "curve": drawn(curve_of([400, 210, 120, 60, 20, 10, 5]), Asked()), "all_of_them": Asked().address(),
    }  # fmt: skip
    return render(request, "web/ui.html", context)


def _receipt() -> dict[str, Any]:
    facts = Facts(
        severity=Severity.HIGH, kind=Kind.DEPENDENCY, cvss=88, epss=0.61, epss_date="2026-11-20", kev_added="2026-10-02", fixable=True, tools=2,
        criticality=1, exposure="internal", context="seamark.yaml",
    )  # fmt: skip
    told = receipt(facts, default_profile())
    otherwise = [Otherwise(words, score, score - told.score) for words, score in told.counterfactuals]
    return {
        "issue": Issue(pk=1), "receipt": told, "bars": bars(told), "otherwise": otherwise, "ssvc": decide(facts, tree_named(TREE)),
    }  # fmt: skip


def _history() -> list[Happened]:
    now = timezone.now()
    return [
        Happened(
            now - timedelta(hours=2), "Dismissed: false positive", quote="The input is checked before.", who="ada"
        ),
        Happened(now - timedelta(days=3), "Opened", tool="Semgrep"),
    ]


def _rows() -> list[Row]:
    shop = Application(pk=1, name="Storefront", slug="storefront")
    place = Asset(pk=1, application=shop, kind="repository", key="git.example/harbour/shop", name="harbour/shop")
    now = timezone.now()
    common = {"application": shop, "asset": place, "fixable": True, "owner": "team:checkout"}
    told = (
        ({"title": "SQL injection in order search", "place": "orders/search.py:42", "kind": KIND_CODES[Kind.CODE], "severity": Severity.CRITICAL,
              "risk": 943, "priority": 0, "due": now.date() - timedelta(days=2), "regression": True},
         "Known exploited, reachable from the internet; two tools agree", ["Semgrep", "CodeQL", "ZAP"]),
        ({"title": "Log4Shell", "component": "log4j-core 2.14.1", "kind": KIND_CODES[Kind.DEPENDENCY], "severity": Severity.HIGH, "risk": 771, "priority": 1,
              "due": now.date() + timedelta(days=5), "state": State.IN_PROGRESS}, "Ransomware uses it, a fix is known", ["Trivy"]),
        ({"title": "MD5 for a checksum", "place": "files/etag.py:9", "kind": KIND_CODES[Kind.CODE], "severity": Severity.LOW, "risk": 84, "priority": 4,
              "state": State.DISMISSED, "resolution": "false_positive"}, "Not used for security", ["Bandit"]),
    )  # fmt: skip
    return [
        Row(Issue(pk=number, opened_at=now - timedelta(days=number), **common, **fields), reason, tools, "main")
        for number, (fields, reason, tools) in enumerate(told, 1)
    ]


def _facets() -> list[dict[str, Any]]:
    def choice(label: str, number: int, *, on: bool = False) -> dict[str, Any]:
        return {"choice": Choice(label, Count(number, more=False), Query(), on), "address": "/issues/"}

    return [
        {"title": "Priority", "choices": [choice("P0", 1, on=True), choice("P1", 12), choice("P2", 148)]},
        {"title": "Evidence", "choices": [choice("Known exploited", 2), choice("Fix available", 96)]},
    ]


def _sums() -> Any:
    return SimpleNamespace(
        findings=Count(21_407, more=False), tools=9, issues=Count(1_284, more=False), fixes=Count(96, more=False)
    )


def _options() -> Options:
    choices = [Option("2.15.0", 1, 2, "minor", chosen=False), Option("2.17.1", 3, 0, "minor", chosen=True)]
    return Options(["2.14.1"], choices, 3, 0)


def _plan() -> FixPlan:
    ada = User(pk=1, username="ada")
    return FixPlan(
        assignee=ada,
        due=timezone.localdate() + timedelta(days=9),
        note="With the next release",
        by=ada,
        at=timezone.now(),
    )
