"""Times in the zone of whoever reads them: their choice, or else their browser's, or else UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpRequest, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from seamark.interfaces.web import locale
from seamark.interfaces.web.templatetags import web
from seamark.store.models import Issue, User

MOMENT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def told(client: Client) -> str:
    """Return where the account page says that times are."""
    page = client.get("/account/").content.decode()
    return page.partition("Times are shown in ")[2].partition(".")[0]


def test_the_choice_goes_before_the_browser_and_that_before_utc(client: Client, analyst: User) -> None:
    assert told(client) == "UTC"
    client.cookies[locale.COOKIE] = "Asia/Tokyo"
    assert told(client) == "Asia/Tokyo"
    client.post("/account/locale/", {"language": "", "time_zone": "Europe/Berlin"})
    assert told(client) == "Europe/Berlin"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize("zone", ["", "../../etc/passwd", "Mars/Olympus", "UTC\0", "europe/berlin", "x" * 5000])
def test_a_browser_that_says_nonsense_gets_utc(client: Client, zone: str) -> None:
    client.cookies[locale.COOKIE] = zone
    assert told(client) == "UTC"


@pytest.mark.parametrize("given", [{"time_zone": "Mars/Olympus"}, {"language": "xx"}, {"language": "de\0"}])
def test_what_is_not_on_the_list_is_not_kept(client: Client, analyst: User, given: dict[str, str]) -> None:
    page = client.post("/account/locale/", given, follow=True).content.decode()
    assert "Choose a language and a time zone of the list." in page
    analyst.refresh_from_db()
    assert (analyst.language, analyst.time_zone) == ("", "")


def test_a_page_tells_times_in_the_zone(client: Client, analyst: User) -> None:
    Issue.objects.update(opened_at=MOMENT)
    page = client.get("/issues/").content.decode()
    assert 'title="since 01 Jul 2026"' in page
    analyst.time_zone = "Asia/Tokyo"
    analyst.save()
    page = client.get("/issues/").content.decode()
    assert 'title="since 02 Jul 2026"' in page
    assert 'datetime="2026-07-02T07:30:00+09:00"' in page


def test_due_days_turn_at_midnight_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: MOMENT)
    day = MOMENT.date()
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert (web.due_words(day), web.due_class(day)) == ("1 d over", "bad")
    with timezone.override(UTC):
        assert (web.due_words(day), web.due_class(day)) == ("today", "p1")


def test_exact_times_name_their_zone() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert 'title="02 Jul 2026 00:30 CEST"' in web.ago(MOMENT)
    assert web.ago(None) == "never"


def test_what_is_streamed_is_in_the_language_and_the_zone(rf: RequestFactory, analyst: User) -> None:
    def parts() -> object:
        for _ in range(2):
            yield f"{translation.get_language()} {timezone.get_current_timezone_name()}"

    def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(parts())

    request = rf.get("/")
    analyst.language, analyst.time_zone = "de", "Asia/Tokyo"
    request.user = analyst
    answer = locale.LocaleMiddleware(view)(request)
    assert isinstance(answer, StreamingHttpResponse)
    assert [bytes(one) for one in answer] == [b"de Asia/Tokyo"] * 2
    assert (translation.get_language(), timezone.get_current_timezone_name()) == ("en", "UTC")


def test_a_machine_without_zones_has_utc(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(locale, "zones", lambda: ("UTC",))
    monkeypatch.setattr(locale, "_known", lambda: frozenset({"UTC"}))
    client.cookies[locale.COOKIE] = "Asia/Tokyo"
    assert told(client) == "UTC"
