"""`seamark risk refresh`: what changed by itself, and everything when asked."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from seamark.store.models import Issue, Upkeep
from tests.factories import code, import_findings

from .conftest import Command

pytestmark = pytest.mark.django_db


def test_it_tells_what_it_looked_at(seamark: Command) -> None:
    import_findings("Storefront", "Semgrep", [code("a", "Weak hash", "a.py", 1), code("b", "Weak hash", "b.py", 1)])
    Issue.objects.filter(place="a.py:1").update(opened_at=timezone.now() - timedelta(days=40))
    result = seamark("risk", "refresh", "--json")
    assert json.loads(result.out) == {
        "day": timezone.now().date().isoformat(),
        "aged": 1,
        "expired": 0,
        "stale": 0,
        "all": 0,
    }
    assert Issue.objects.get(place="a.py:1").facts["age"] == 30
    assert Upkeep.objects.get().day == timezone.now().date()


def test_everything_when_asked(seamark: Command) -> None:
    import_findings("Storefront", "Semgrep", [code("a", "Weak hash", "a.py", 1), code("b", "Weak hash", "b.py", 1)])
    Issue.objects.update(risk=1)
    result = seamark("risk", "refresh", "--all")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "2 issues scored anew"
    assert not Issue.objects.filter(risk=1).exists()
