"""German: every text has it, with the holes, tags and blanks of the English one, and says Sie; nothing is guessed or out of date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.support import catalogue
from tests.support.catalogue import LOCALE, WEB, Catalogue, Text

PATH = LOCALE / "de" / "LC_MESSAGES" / "django.po"
_HOLES = re.compile(r"%\((\w+)\)[sd]|\{[\w.]+\}")
_TAGS = re.compile(r"</?\w[^>]*>")
_CASUAL = re.compile(r"\b(du|dich|dir|dein(e|en|em|er|es)?|euch|eure?[nmrs]?)\b", re.IGNORECASE)
_HANDED = re.compile(r'[=:]_\("([^"]+)"\)')
"""A text that is handed to a filter or to another template: `default:_("nobody")`."""
_OTHER_WORDS = re.compile(r"\b(Korrektur|Verzicht|Policy|Policies|Findings|Issues?|Finding|Waivers?)\b")
"""Words for which this catalogue has one of its own: Behebung, Ausnahme, Richtlinie, Befund, Problem."""


def flaws(known: Catalogue) -> Iterator[tuple[str, Text]]:
    """Yield what is wrong with translations: `missing`, `holes`, `tags`, `blanks`, `number sign`, `casual` or `word`."""
    for text, said in known.items():
        english = (text.singular, text.plural) if text.plural else (text.singular,)
        if len(said) != len(english) or not all(one.strip() for one in said):
            yield "missing", text
            continue
        for one, other in zip(said, english, strict=True):
            if sorted(_named(one)) != sorted(_named(other)):
                yield "holes", text
            if sorted(_TAGS.findall(one)) != sorted(_TAGS.findall(other)):
                yield "tags", text
            if _edges(one) != _edges(other):
                yield "blanks", text
            if ("#" in one) != ("#" in other):
                yield "number sign", text
            if _CASUAL.search(one):
                yield "casual", text
            if _OTHER_WORDS.search(_HOLES.sub("", one)):
                yield "word", text


def _named(text: str) -> list[str]:
    return [found[0] for found in _HOLES.finditer(text)]


def _edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def test_every_text_has_its_german() -> None:
    assert sorted(flaws(catalogue.read(PATH))) == []


@pytest.mark.parametrize(
    ("flaw", "text", "said"),
    [
        ("missing", Text("", "Fix"), ("",)),
        ("missing", Text("", "1 fix", "%(n)s fixes"), ("1 Behebung",)),
        ("holes", Text("", "%(name)s left"), ("Jemand ging",)),
        ("holes", Text("", "%(n)s fix", "%(n)s fixes"), ("%(n)s Behebung", "%(m)s Behebungen")),
        ("holes", Text("", "Facts: {issue.ref}"), ("Fakten: {problem.ref}",)),
        ("tags", Text("", "<b>Now</b>"), ("Jetzt",)),
        ("tags", Text("", "Now"), ("<script>Jetzt",)),
        ("blanks", Text("", "Now "), ("Jetzt",)),
        ("number sign", Text("", "# found"), ("gefunden",)),
        ("casual", Text("", "Your account"), ("Dein Konto",)),
        ("word", Text("", "Fix it"), ("Zur Korrektur",)),
    ],
)
def test_the_search_for_flaws_is_awake(flaw: str, text: Text, said: tuple[str, ...]) -> None:
    assert [found for found, _ in flaws({text: said})] == [flaw]


def test_what_is_right_has_no_flaw() -> None:
    right: Catalogue = {
        Text("", "%(n)s of <b>%(all)s</b> fix", "%(n)s of <b>%(all)s</b> fixes"): (
            "Von <b>%(all)s</b> Behebung %(n)s",
            "Von <b>%(all)s</b> Behebungen %(n)s",
        )
    }
    assert list(flaws(right)) == []


def test_the_file_is_as_the_templates_say_and_nothing_in_it_is_guessed() -> None:
    known = catalogue.read(PATH)
    assert set(known) == catalogue.every_text(), "run python -m tests.support.catalogue"
    assert [line for line in PATH.read_text("utf-8").splitlines() if line.startswith("#")] == []


def test_texts_that_are_handed_on_are_in_the_catalogue() -> None:
    handed = {one for path in (WEB / "templates").rglob("*.html") for one in _HANDED.findall(path.read_text("utf-8"))}
    assert len(handed) > 5
    assert sorted(handed - {text.singular for text in catalogue.read(PATH) if not text.context}) == []


PAGES = {
    "/": "Heute",
    "/issues/": "Probleme",
    "/fixes/": "Behebungen",
    "/applications/": "Anwendungen",
    "/assets/": "Assets",
    "/graph/": "Graph",
    "/vulnerabilities/": "Schwachstellen",
    "/suggestions/": "Vorschläge",
    "/policies/": "Richtlinien",
    "/violations/": "Verstöße",
    "/waivers/": "Ausnahmen",
    "/waivers/new/": "Ausnahme beantragen",
    "/imports/": "Importe",
    "/risk-profile/": "Risikoprofil",
    "/ledger/": "Journal",
    "/account/security/": "Sicherheit",
    "/analytics/": "Auswertung",
    "/compliance/": "Compliance",
    "/rules/": "Triage-Regeln",
    "/tickets/": "Tickets",
    "/pulls/": "Pull-Requests",
}


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_german(address: str, logged_in: Callable[[User], Client], world: dict[str, Application]) -> None:
    admin = make_person("grace", Role.ADMIN)
    admin.language = "de"
    admin.save()
    page = logged_in(admin).get(address).content.decode()
    assert f">{PAGES[address]}</h1>" in page
    assert '<html lang="de"' in page


def test_an_issue_tells_its_history_in_german(client: Client, analyst: User, world: dict[str, Application]) -> None:
    analyst.language = "de"
    analyst.save()
    issue = Issue.objects.order_by("-risk")[0]
    page = client.get(f"/issues/{issue.reference}/").content.decode()
    assert "Eröffnet von " in page
    assert "Opened by " not in page
