"""Translations: every visible text of every page is marked, every language has it, and what is compiled is what is written."""

from __future__ import annotations

import ast
import gettext
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from seamark.insight.analytics import today
from seamark.interfaces.web.counts import Counts
from seamark.store.access import visible_to
from seamark.store.models import Application, Fix, Issue, User
from tests.support import catalogue
from tests.support.catalogue import LOCALE, Text

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
NAMES = {
    "Seamark", "SSVC", "CVSS", "CWE-", "SHA-", "SM-", "CSV", "XLSX", "JSON", "PDF", "PPTX", "YAML", "SAML", "OpenID", "Connect", "ms",
}  # fmt: skip
"""What is written alike in all languages: names, standards, units."""
EXAMPLES = {
    "SM-12", "main", "PAY", "project = PAY", "github.com/acme/shop", "repository = acme/shop", "registry/name:tag", "Europe/Berlin",
    "data_class:PII", "log4j, pkg:npm/", "log4j-core &lt; 2.17", "kind:code path:tests/*", "acme/orders, ada@shop.example",
    "https://token.actions.githubusercontent.com",
}  # fmt: skip
"""What a field shows to say how it is filled in, and what is typed so in all languages."""
_SAID = re.compile(
    r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}|{%\s*blocktranslate.*?{%\s*endblocktranslate\s*%}|{#.*?#}|{%.*?%}|{{.*?}}",
    re.DOTALL,
)
_SILENT = re.compile(r"<(kbd|code|script|style)\b.*?</\1>", re.DOTALL)
_TYPED = re.compile(r"(<(pre|textarea)\b[^>]*>).*?</\2>|/api/v1/callbacks/", re.DOTALL)
_HEARD = re.compile(r'\b(?:aria-label|title|placeholder|alt|data-(?:label|number|none|silent|away|selected))="([^"]*)"')


def unmarked(source: str) -> Iterator[str]:
    """Yield the words of a template that people see or hear and that no translation reaches."""
    plain = _TYPED.sub(r"\1", _SILENT.sub(" ", _SAID.sub(" ", source)))
    heard = [text for text in _HEARD.findall(plain) if text not in EXAMPLES]
    for text in (*heard, re.sub(r"<[^>]*>", " ", plain)):
        yield from (word for word in re.findall(r"[A-Za-z][A-Za-z'-]+", text) if word not in NAMES)


TEMPLATES = sorted((catalogue.WEB / "templates").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_visible_text_is_without_a_mark(path: Path) -> None:
    assert sorted(set(unmarked(path.read_text("utf-8")))) == []


def test_the_search_for_unmarked_text_is_awake() -> None:
    assert list(unmarked('<p title="Shut it">{{ x }} left {% translate "fine" %}</p>')) == ["Shut", "it", "left"]
    assert list(unmarked('<pre aria-label="Shut it">seamark x</pre><input placeholder="PAY">')) == ["Shut", "it"]
    assert (
        list(unmarked('{% blocktranslate %}fine{% endblocktranslate %}<input placeholder="{% translate "fine" %}">'))
        == []
    )


REFUSALS = {
    "NotAllowed",
    "NotFound",
    "InvalidSetting",
    "InvalidQuery",
    "NotOnePolicy",
    "ImportRefused",
    "ValidationError",
}
"""Errors whose sentence a page shows."""


def unmarked_words(source: str) -> Iterator[str]:
    """Yield the messages and refusals of a view that are written out where they are told, without a mark."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        tells = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "messages"
        said = node.args[1:2] if tells else node.args[:1] if name in REFUSALS else []
        yield from (ast.unparse(one) for one in said if isinstance(one, ast.Constant | ast.JoinedStr))


@pytest.mark.parametrize(
    "path", sorted(catalogue.WEB.rglob("*.py")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_no_message_of_a_view_is_without_a_mark(path: Path) -> None:
    assert list(unmarked_words(path.read_text("utf-8"))) == []


def test_the_search_for_unmarked_messages_is_awake() -> None:
    told = 'messages.info(request, "Done.")\nraise NotAllowed(f"No {name}")\nmessages.info(request, gettext("Done."))'
    assert list(unmarked_words(told)) == ["'Done.'", "f'No {name}'"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_none_is_left_over(language: str) -> None:
    known, marked = catalogue.read(LOCALE / language / "LC_MESSAGES" / "django.po"), catalogue.every_text()
    assert sorted(marked - set(known)) == [], "run python -m tests.support.catalogue"
    assert sorted(set(known) - marked) == [], "run python -m tests.support.catalogue"
    assert sorted(text for text, said in known.items() if not all(said)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    folder = LOCALE / language / "LC_MESSAGES"
    known = catalogue.read(folder / "django.po")
    compiled = (folder / "django.mo").read_bytes()
    assert compiled == catalogue.compiled(language, known)
    words = gettext.GNUTranslations(io.BytesIO(compiled))
    for text, said in known.items():
        if all(said) and not text.plural and not text.context:
            assert words.gettext(text.singular) == said[0]


def test_a_catalogue_is_read_as_it_was_written(tmp_path: Path) -> None:
    known = {
        Text("", 'He said "no"\n%(a)s'): ("Er sagte „nein“\t%(a)s",),
        Text("verb", "open"): ("öffnen",),
        Text("", "1 fix", "2 fixes"): ("a", "b"),
    }
    catalogue.write(tmp_path / "x.po", "de", known)
    assert catalogue.read(tmp_path / "x.po") == known
    words = gettext.GNUTranslations(io.BytesIO(catalogue.compiled("de", known)))
    assert words.pgettext("verb", "open") == "öffnen"
    assert [words.ngettext("1 fix", "2 fixes", number) for number in (0, 1, 2)] == ["b", "a", "b"]


def test_the_tables_that_are_copied_are_those_of_the_pages(world: dict[str, Application], analyst: User) -> None:
    seen = visible_to(analyst)
    assert tuple(label for label, _, _ in Counts(seen).views) == catalogue.PRESETS
    moment = Issue.objects.latest("opened_at").opened_at
    assert tuple(one.label for one in today.numbers(seen, analyst, moment, moment)) == catalogue.NUMBERS


def test_german_pages_are_german(client: Client, analyst: User, world: dict[str, Application]) -> None:
    analyst.language = "de"
    analyst.save()
    wanted = {"/": "Heute", "/issues/": "Probleme", "/fixes/": "Behebungen"}
    for address, title in wanted.items():
        answer = client.get(address)
        page = answer.content.decode()
        assert f"<h1>{title}</h1>" in page
        assert '<html lang="de"' in page
        assert answer.headers["Content-Language"] == "de"
    fix = Fix.objects.get(title__contains="log4j")
    main = client.get(f"/fixes/{fix.pk}/").content.decode()
    assert "Auf welche Version" in main
    assert "Wer sie umsetzt" in main


def test_before_the_log_in_the_browser_says_the_language(db: None) -> None:
    for asked, word in {"de-CH,de;q=0.9": "Anmelden", "fr,en;q=0.5": "Log in", "": "Log in", "xx": "Log in"}.items():
        answer = Client(headers={"Accept-Language": asked}).get("/login/")
        assert f"<h1>{word}</h1>" in answer.content.decode(), asked
        assert "Accept-Language" in answer.headers["Vary"]


def test_the_choice_counts_more_than_the_browser(
    client: Client, analyst: User, logged_in: Callable[[User], Client]
) -> None:
    german = {"Accept-Language": "de"}
    assert "<h1>Fixes</h1>" in client.get("/fixes/").content.decode()
    assert "<h1>Behebungen</h1>" in client.get("/fixes/", headers=german).content.decode()
    assert client.post("/account/locale/", {"language": "en", "time_zone": ""}).status_code == 302
    assert "<h1>Fixes</h1>" in client.get("/fixes/", headers=german).content.decode()
    analyst.refresh_from_db()
    assert analyst.language == "en"
    assert translation.get_language() == "en"


def test_programs_are_answered_in_english(client: Client) -> None:
    answer = client.get("/api/v1/issues?limit=0", headers={"Accept-Language": "de"})
    assert "Content-Language" not in answer.headers
    assert "Accept-Language" not in answer.headers.get("Vary", "")


def test_numbers_in_drawings_are_numbers_in_all_languages(client: Client, analyst: User) -> None:
    analyst.language = "de"
    analyst.save()
    issue = Issue.objects.order_by("-risk")[0]
    for address in ("/fixes/", "/risk-profile/", f"/issues/{issue.reference}/", "/vulnerabilities/CVE-2021-44228/"):
        page = client.get(address).content.decode()
        for value in re.findall(r'\s(?:x|y|x1|x2|y1|y2|width|height|value|min|max|step)="(-?\d[\d.,]*)"', page):
            assert re.fullmatch(r"-?\d+(\.\d+)?(-\d\d-\d\d)?", value), (address, value)
