"""A look reads and writes in batches: how many issues there are does not show in the number of statements."""

from __future__ import annotations

import gc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.governance.policy.kept.edit import save, withdraw
from seamark.pipeline.automation import watch
from seamark.store.models import Issue, IssueClock, RuleEffect
from seamark.store.models.people import Role
from tests.automation.conftest import rule
from tests.factories import code, import_findings, make_person

SLA = "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: all}\nspec: {type: sla, match: issue.severity >= LOW, sla: {days: 30}}\n"


def statements(number: int, start: int) -> list[int]:
    """Return how many statements the looks take that do something to so many issues, do nothing more, and take it back."""
    root = make_person(f"root{number}", Role.ADMIN)
    findings = [
        code(f"rule-{start}", f"P {start + at}", f"src/f{start + at}.py", at + 1, snippet=f"x = {start + at}")
        for at in range(number)
    ]
    import_findings(f"Of {number}", "Alpha", findings)
    mine = list(Issue.objects.filter(application__name=f"Of {number}", open=True).values_list("pk", flat=True))
    assert len(mine) == number
    save(
        rule(f"r{number}", f'issue.rule == "rule-{start}"', "{priority: 0, tags: [a], ticket: true}"), actor=root, comment="",
        now=timezone.now(),
    )  # fmt: skip
    save(SLA.replace("name: all", f"name: all{number}"), actor=root, comment="", now=timezone.now())
    counted = []
    for took_back in (False, False, True):
        if took_back:
            withdraw(f"r{number}", actor=root, comment="", now=timezone.now())
            withdraw(f"all{number}", actor=root, comment="", now=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            watch.run(mine)
        counted.append(len(queries))
        assert RuleEffect.objects.filter(issue__in=mine).exists() is not took_back
        assert IssueClock.objects.filter(issue__in=mine).count() == (0 if took_back else number)
    return counted


@pytest.mark.django_db
def test_statements_do_not_grow_with_issues() -> None:
    few, many = statements(5, 0), statements(60, 1_000)
    assert all(more <= less + 2 for less, more in zip(few, many, strict=True)), (few, many)
    assert gc.isenabled(), "the collector rests during a look only"
