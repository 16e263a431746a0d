"""The knowledge base on screen, and the links that lead there."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import Client

from seamark.interfaces.web.templatetags.knowledge import articles_named, percent
from seamark.store.models import User
from seamark.store.models.people import Role
from tests.factories import make_person


@pytest.fixture
def client(db: None) -> Client:
    return browser(make_person("ada", Role.ANALYST))


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def drawn(template: str, **context: object) -> str:
    return Template("{% load knowledge %}" + template).render(Context(context))


def test_list_and_article(client: Client) -> None:
    assert "SQL injection" in client.get("/knowledge/").content.decode()
    limited = client.get("/knowledge/?q=CWE-89").content.decode()
    assert "/knowledge/sql-injection/" in limited
    assert "/knowledge/race-condition/" not in limited
    assert "No article" in client.get("/knowledge/?q=no+such").content.decode()
    page = client.get("/knowledge/cross-site-scripting/").content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert "/issues/?q=cwe:79" in page
    assert client.get("/knowledge/nothing/").status_code == 404


def test_by_number(client: Client) -> None:
    assert client.get("/knowledge/CWE-564/").headers["Location"] == "/knowledge/sql-injection/"
    assert client.get("/knowledge/CWE-999999/").status_code == 404


def test_everybody_who_is_logged_in_reads_it(db: None) -> None:
    page = browser(make_person("tess")).get("/knowledge/sql-injection/")
    assert page.status_code == 200
    assert "/issues/?q=" not in page.content.decode()
    assert Client().get("/knowledge/").status_code == 302


def test_office_hours(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.SEAMARK_OFFICE_HOURS = "https://wiki.example/ask"  # type: ignore[attr-defined]
    assert "https://wiki.example/ask" in client.get("/knowledge/").content.decode()
    settings.SEAMARK_OFFICE_HOURS = "javascript:alert(1)"  # type: ignore[attr-defined]
    assert "javascript:" not in client.get("/knowledge/").content.decode()


def test_links_from_issues_and_comments() -> None:
    assert drawn("{% weakness 89 %}") == '<a class="linked" href="/knowledge/sql-injection/">CWE-89 SQL injection</a>'
    assert drawn("{% weakness 999999 %}") == "CWE-999999"
    assert drawn("{% weakness cwe %}", cwe=None) == ""
    said = "Like cwe-89 and CWE-79; CWE-564 too, and CWE-999999."
    assert (
        drawn("{% for one in text|articles_named %}{{ one.name }} {% endfor %}", text=said)
        == "sql-injection cross-site-scripting "
    )
    assert len(articles_named(" ".join(f"CWE-{number}" for number in (79, 89, 22, 78, 94, 352, 862)))) == 5
    assert drawn("{{ 0.5|percent }}") == percent(0.5) == "50%"
