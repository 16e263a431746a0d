"""Tickets, messages and comments lead to the article about a weakness and to the office hours; retests are told in sentences."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from seamark.governance.triage import comments
from seamark.interfaces.web.evidence import Evidence
from seamark.interfaces.web.history import history_of
from seamark.pipeline.notices import work
from seamark.pipeline.tickets import mapping, opening
from seamark.response.actions.rendering.adf import adf
from seamark.response.actions.rendering.runs import pieces
from seamark.response.actions.rendering.writers import Html, Journal, Mail, Markdown, Wiki
from seamark.store.access import everything
from seamark.store.models import ChannelConnection, Event, Issue, User
from seamark.store.models.engagements import RetestState
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person
from tests.notices.test_notices import at, follow, told
from tests.outbox.conftest import connect, drain, far
from tests.outbox.far import FarSide

__all__ = ["connect", "far"]
Connect = Callable[..., ChannelConnection]
BASE = "https://seamark.example"
SQL = "How to fix CWE-89 (SQL injection)"
HOURS = "Questions? Ask in the office hours"


@pytest.fixture(autouse=True)
def _places(settings: Settings) -> None:
    settings.SEAMARK_PUBLIC_URL = BASE
    settings.SEAMARK_OFFICE_HOURS = "https://wiki.example/ask"


@pytest.fixture
def root(db: None) -> User:
    return make_person("root", Role.ADMIN)


def injections() -> None:
    import_findings("Shop", "Semgrep", [code("sqli", "SQL injection", "a.py", 3, cwe=89)])


def test_a_ticket_leads_to_the_article_and_to_the_office_hours(far: FarSide, connect: Connect, root: User) -> None:
    mapping.put(None, connect(far), fields={"help": "{{knowledge}}", "ask": "{{hours}}"})
    injections()
    opening.open_by_hand(root, issue=Issue.objects.get())
    drain()
    ticket = far.tickets["FAR-1"]["ticket"]
    assert f"[{SQL}](<{BASE}/knowledge/sql-injection/>)" in ticket["text"]
    assert f"[{HOURS}](<https://wiki.example/ask>)" in ticket["text"]
    assert ticket["fields"] == {
        "help": f"{SQL}: {BASE}/knowledge/sql-injection/", "ask": f"{HOURS}: https://wiki.example/ask",
    }  # fmt: skip


def test_without_an_address_or_a_weakness_it_says_no_more_than_there_is(
    far: FarSide, connect: Connect, root: User, settings: Settings
) -> None:
    settings.SEAMARK_PUBLIC_URL = settings.SEAMARK_OFFICE_HOURS = ""
    mapping.put(None, connect(far))
    import_findings("Shop", "Semgrep", [code("a", "One", "a.py", 3, cwe=89), code("b", "Two", "b.py", 3)])
    for issue in Issue.objects.order_by("pk"):
        opening.open_by_hand(root, issue=issue)
    drain()
    first, second = (one["ticket"]["text"] for one in far.tickets.values())
    assert SQL in first
    assert "](" not in first
    assert "How to fix" not in second
    assert "office hours" not in first + second


def test_a_message_leads_there_too(far: FarSide, connect: Connect, root: User) -> None:
    work.work_once(at(-1))
    injections()
    Issue.objects.update(priority=0)
    follow(root, connect(far, "chat"), digest=False, to="U1")
    (message,) = told(far, at())
    assert f"[{SQL}](<{BASE}/knowledge/sql-injection/>)" in message["text"]
    assert message["text"].endswith(f"[{HOURS}](<https://wiki.example/ask>)")


def test_every_far_side_shows_it_as_a_link() -> None:
    text, address = f"[{SQL}](<{BASE}/knowledge/sql-injection/>)", f"{BASE}/knowledge/sql-injection/"
    for writer in (Markdown(), Wiki(), Html(), Mail(), Journal()):
        written = writer.write(text, 10_000)
        assert address in written, type(writer).__name__
        assert "SQL injection" in written
    assert {"type": "link", "attrs": {"href": address}} in _marks(adf(text))
    assert address in str(pieces(text, 10_000))


def _marks(node: Any) -> list[dict[str, Any]]:
    found = list(node.get("marks", ()))
    for one in node.get("content", ()):
        found += _marks(one)
    return found


def test_a_comment_that_names_a_weakness_leads_to_its_article(root: User) -> None:
    injections()
    issue = Issue.objects.get()
    comments.add(root, issue, "It is CWE-89 and cwe-79, not CWE-999999.")
    comments.add(root, issue, "Nothing is named here.")
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/issues/{issue.reference}/comments/").content.decode()
    talk = page[page.index('<ol class="talk">') :]
    assert talk.count('href="/knowledge/sql-injection/"') == 1
    assert talk.count('href="/knowledge/cross-site-scripting/"') == 1
    assert talk.count("About this:") == 1


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (RetestState.OPEN, RetestState.READY, "Said to be mended: waits for the retest of PT-1"),
        (RetestState.FAILED, RetestState.READY, "Said to be mended: waits for the retest of PT-1"),
        (RetestState.READY, RetestState.OPEN, "No longer said to be mended: waits for no retest of PT-1"),
        (RetestState.READY, RetestState.PASSED, "Retest of PT-1 passed: it is gone"),
        (RetestState.READY, RetestState.FAILED, "Retest of PT-1 failed: it is still there"),
        (RetestState.PASSED, RetestState.OPEN, "Retest of PT-1: open"),
    ],
)
def test_a_retest_is_told_in_a_sentence(db: None, before: RetestState, after: RetestState, words: str) -> None:
    injections()
    issue = Issue.objects.get()
    details = {
        "engagement": "PT-1",
        "before": before.label,
        "after": after.label,
        "comment": "Sent again: 400.",
        "by": "tess",
    }
    event = Event.objects.create(
        kind="retest", issue=issue, application=issue.application, details=details, at=timezone.now()
    )
    entry = next(one for one in history_of(issue, _nothing(), [event]) if one.at == event.at)
    assert (entry.sentence, entry.quote, entry.who) == (words, "Sent again: 400.", "tess")
    assert everything().events().filter(kind="retest").count() == 1


def _nothing() -> Evidence:
    return SimpleNamespace(said=[])  # type: ignore[return-value]
