"""What tools are worth: the numbers are those of the findings, counted one by one, and rows are only written where something changed."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from django.utils import timezone

from seamark.governance.triage import service
from seamark.insight.metrics.tools import tools
from seamark.pipeline.metrics.tooling import record_tools
from seamark.store.models import Application, Finding, Issue, ToolFact
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import make_person, make_world

pytestmark = pytest.mark.django_db


def test_tools_are_counted_as_their_findings_are() -> None:
    make_world()
    person, wrong = make_person("ada", Role.ADMIN), Issue.objects.filter(open=True, tools=1).order_by("pk")[0]
    service.change_state(person, Issue.objects.filter(pk=wrong.pk), State.DISMISSED, "false_positive", "a test value")
    today = timezone.now().date()
    assert record_tools(today) > 0
    numbers = list(Application.objects.values_list("pk", flat=True))
    told = tools(numbers, today)
    seen: dict[int, set[str]] = defaultdict(set)
    findings: dict[str, int] = defaultdict(int)
    for one in Finding.objects.filter(closed_in=None, issue__open=True).select_related("stream"):
        seen[one.issue_id].add(one.stream.tool)
        findings[one.stream.tool] += 1
    by_name = {one.name: one for one in told.tools}
    for name, number in findings.items():
        mine = [several for several in seen.values() if name in several]
        assert (by_name[name].findings, by_name[name].issues) == (number, len(mine))
        assert by_name[name].unique == sum(len(several) == 1 for several in mine)
        assert sum(by_name[name].shared.values()) == sum(len(several) - 1 for several in mine)
    assert (told.findings, told.issues) == (sum(findings.values()), len(seen))
    shared = sum(len(several) > 1 for several in seen.values())
    assert told.overlap == pytest.approx(shared / len(seen), abs=1e-9)
    assert shared > 0
    for name in {one.stream.tool for one in Finding.objects.filter(issue=wrong).select_related("stream")}:
        assert (by_name[name].judged, by_name[name].false_positives) == (1, 1)
        assert by_name[name].wrong_share == 1
    # The next day nothing has changed, and so nothing is written; the day before nothing was known.
    rows = ToolFact.objects.count()
    assert record_tools(today + timedelta(days=1)) == 0
    assert ToolFact.objects.count() == rows
    assert tools(numbers, today - timedelta(days=1)).tools == []
    Finding.objects.all().delete()
    assert record_tools(today + timedelta(days=2)) > 0
    assert tools(numbers, today + timedelta(days=2)).issues == 0
    assert tools(numbers, today + timedelta(days=1)).issues == told.issues
