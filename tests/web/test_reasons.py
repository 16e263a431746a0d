"""A score in a list never stands without its reason: that of the riskiest issue behind it."""

from __future__ import annotations

import pytest
from django.test import Client

from seamark.pipeline.scoring import reason_of
from seamark.store.models import Issue


@pytest.mark.parametrize("page", ["/applications/", "/fixes/", "/assets/?kind=repository"])
def test_the_reason_stands_beside_the_score(client: Client, page: str) -> None:
    top = Issue.objects.filter(open=True).order_by("-risk", "-id")[0]
    shown = client.get(page).content.decode()
    assert f'href="/issues/{top.reference}/"' in shown
    assert f'<div class="sub why">{reason_of(top)}' in shown
