"""Comments: who may say, change and delete what, whom a comment names, what stays on record, who watches."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.triage import comments
from seamark.governance.triage.commonmark import mentioned, render
from seamark.store.access import visible_to
from seamark.store.models import Application, CustomRole, Event, Grant, Issue, Mention, User, Watch
from seamark.store.models.people import Role
from tests.factories import make_person, make_world


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.fixture
def issue(world: dict[str, Application]) -> Issue:
    return Issue.objects.get(title__startswith="SQL injection")


@pytest.fixture
def ada(world: dict[str, Application]) -> User:
    return make_person("ada", Role.ANALYST)


@pytest.fixture
def bob(world: dict[str, Application]) -> User:
    return make_person("bob", Role.DEVELOPER, application=world["shop"])


def now_said(issue: Issue, person: User) -> list[comments.Comment]:
    return comments.standing(list(comments.said(visible_to(person), issue).order_by("id")))


def test_a_comment_names_those_who_may_see_the_issue(
    issue: Issue, ada: User, bob: User, world: dict[str, Application]
) -> None:
    make_person("eve", Role.ADMIN, application=world["payroll"])
    make_person("nobody")
    left = make_person("left", Role.ADMIN)
    User.objects.filter(pk=left.pk).update(is_active=False)
    event = comments.add(ada, issue, "@bob, @eve @nobody @left @ghost @bob and `@ada`: look.")
    assert list(Mention.objects.values_list("person__username", flat=True)) == ["bob"]
    [told] = Event.objects.filter(kind="mentioned")
    assert told.details == {"of": event.pk, "person": "bob"}
    assert told.issue_id == issue.pk
    [one] = now_said(issue, ada)
    assert one.names == ("bob",)
    assert [row.comment_id for row in comments.mentions_of(visible_to(bob), bob)] == [event.pk]


def test_a_mention_is_gone_with_the_right_to_see(issue: Issue, ada: User, bob: User) -> None:
    comments.add(ada, issue, "@bob look")
    assert comments.mentions_of(visible_to(bob), bob).count() == 1
    Grant.objects.filter(user=bob).delete()
    assert comments.mentions_of(visible_to(bob), bob).count() == 0


def test_one_changes_what_one_said_and_the_record_keeps_it(issue: Issue, ada: User, bob: User) -> None:
    event = comments.add(ada, issue, "First @bob")
    comments.edit(ada, issue, event.pk, "Second @ada")
    [one] = now_said(issue, ada)
    assert (one.text, one.names, one.edits) == ("Second @ada", ("ada",), 1)
    assert Event.objects.get(pk=event.pk).details == {"comment": "First @bob"}
    assert Event.objects.get(kind="comment_edited").details == {
        "of": event.pk,
        "before": "First @bob",
        "comment": "Second @ada",
    }
    comments.edit(ada, issue, event.pk, "Second @ada")
    assert Event.objects.filter(kind="comment_edited").count() == 1
    comments.delete(ada, issue, event.pk)
    [one] = now_said(issue, ada)
    assert (one.text, one.names, one.deleted_at is not None) == ("", (), True)
    assert not Mention.objects.exists()
    assert Event.objects.filter(kind__in=("comment", "comment_edited", "comment_deleted", "mentioned")).count() == 5
    with pytest.raises(NotAllowed):
        comments.delete(ada, issue, event.pk)
    with pytest.raises(NotAllowed):
        comments.edit(ada, issue, event.pk, "Third")


def test_nobody_changes_what_another_said(issue: Issue, ada: User, bob: User) -> None:
    event = comments.add(ada, issue, "Mine")
    boss = make_person("boss", Role.ADMIN)
    for other in (bob, boss):
        with pytest.raises(NotAllowed):
            comments.edit(other, issue, event.pk, "Yours")
        with pytest.raises(NotAllowed):
            comments.delete(other, issue, event.pk)
    assert now_said(issue, ada)[0].text == "Mine"


def test_changes_have_their_time_and_their_number(issue: Issue, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    event = comments.add(ada, issue, "0")
    monkeypatch.setattr(comments, "MOST_EDITS", 2)
    for text in ("1", "2"):
        comments.edit(ada, issue, event.pk, text)
    with pytest.raises(NotAllowed, match="another comment"):
        comments.edit(ada, issue, event.pk, "3")
    late = comments.add(ada, issue, "old")
    Event.objects.filter(pk=late.pk).update(at=timezone.now() - timedelta(hours=25))
    with pytest.raises(NotAllowed, match="for a day"):
        comments.edit(ada, issue, late.pk, "new")
    comments.delete(ada, issue, late.pk)


@pytest.mark.parametrize("text", ["", "  ", "\0", "x" * 10_001])
def test_texts_that_are_none(issue: Issue, ada: User, text: str) -> None:
    event = comments.add(ada, issue, "There")
    with pytest.raises(NotAllowed):
        comments.add(ada, issue, text)
    with pytest.raises(NotAllowed):
        comments.edit(ada, issue, event.pk, text)


def test_rights_hold_for_old_comments_as_well(issue: Issue, bob: User, ada: User) -> None:
    event = comments.add(bob, issue, "Mine")
    Grant.objects.filter(user=bob).update(role=Role.VIEWER)
    for act in (lambda: comments.edit(bob, issue, event.pk, "x"), lambda: comments.delete(bob, issue, event.pk)):
        with pytest.raises(NotAllowed):
            act()
    other = Issue.objects.exclude(pk=issue.pk)[0]
    with pytest.raises(NotFound):
        comments.delete(ada, other, event.pk)


def test_names_are_offered_to_those_who_may_comment(
    issue: Issue, ada: User, bob: User, world: dict[str, Application]
) -> None:
    make_person("bea", Role.VIEWER)
    make_person("ben", Role.ADMIN, application=world["payroll"])
    deaf = CustomRole.objects.create(name="importer", permissions=["import"])
    blind = make_person("bert")
    Grant.objects.create(user=blind, custom=deaf)
    assert [one.username for one in comments.offered(visible_to(ada), issue, "B")] == ["bea", "bob"]
    assert comments.offered(visible_to(User.objects.get(username="bea")), issue, "b") == []
    User.objects.filter(pk=bob.pk).update(first_name="Robert", last_name="Tables")
    assert [one.username for one in comments.offered(visible_to(ada), issue, "tab")] == ["bob"]


def test_few_people_are_named_by_one_comment(issue: Issue, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments, "MOST_MENTIONS", 2)
    for at in range(4):
        make_person(f"p{at}", Role.VIEWER)
    comments.add(ada, issue, "@p0 @p1 @p2 @p3")
    assert Mention.objects.count() == 2


def test_whoever_sees_an_issue_may_watch_it(issue: Issue, ada: User, bob: User, world: dict[str, Application]) -> None:
    assert comments.watch(ada, issue)
    assert not comments.watch(ada, issue)
    assert comments.watch(bob, issue)
    assert comments.watch_of(ada, issue) == (True, 2)
    other = make_person("eve", Role.ADMIN, application=world["payroll"])
    with pytest.raises(NotAllowed):
        comments.watch(other, issue)
    assert comments.watch(ada, issue, on=False)
    assert not comments.watch(ada, issue, on=False)
    assert comments.watch_of(ada, issue) == (False, 1)
    assert Watch.objects.get().person == bob


HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](data:text/html,y)", "[x](//evil.example)",
    "![x](https://evil.example/pixel.png)", '<https://a.example/"onmouseover=alert(1)>', '[x](https://a.example/"onclick=1 "t\\"itle")',
    '```"onload=alert(1)\nx\n```', "&lt;script&gt;", "[a]: javascript:x\n\n[a]", "[x](vbscript:x)", "[x](https://)", "SM-1<b>", "@ada<b>",
)  # fmt: skip
ALLOWED = {"p", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "a", "br", "span"}


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    from html.parser import HTMLParser

    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(page)
    return found


def check(text: str) -> None:
    for tag, attributes in tags(render(text, {"ada"})):
        assert tag in ALLOWED, (tag, text)
        assert attributes.keys() <= {"href", "class", "rel", "title", "start"}, (attributes, text)
        if tag == "a":
            address = attributes["href"] or ""
            assert address.startswith(("https://", "http://", "/issues/SM-")), address


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(text: str) -> None:
    check(text)
    check(f"> * **{text}**")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>&\"'`*_[]()!@#SM-12ada:/\\\n jhtps.=", max_size=120))
def test_no_text_makes_anything_else(text: str) -> None:
    check(text)
    mentioned(text)


def test_the_subset_of_commonmark() -> None:
    page = render(
        "A *b* **c** `d`\nnext\n\n- one\n- two\n\n> said\n\n```\ncode\n```\n\n# none\n[l](https://a.example)", {"ada"}
    )
    for wanted in (
        "<em>b</em>",
        "<strong>c</strong>",
        "<code>d</code><br",
        "<li>one</li>",
        "<blockquote>",
        "<pre><code>code",
        "<p># none",
    ):
        assert wanted in page
    assert 'href="https://a.example" class="linked" rel="noopener noreferrer nofollow ugc"' in page
    assert '<span class="mention">@ada</span>.' in render("By @ada.", {"ada"})
    assert "mention" not in render("By @eve, a@ada, `@ada`, [@ada](https://a.example)", {"ada"})
    assert '<a class="linked nowrap" href="/issues/SM-12/">SM-12</a>' in render("As SM-12 says")


def test_a_long_text_is_quick() -> None:
    begun = time.process_time()
    for text in ("@" * 10_000, "[" * 10_000, "*a_" * 3_300, "> " * 5_000, "`" * 10_000, "SM-1" * 2_500, "![](" * 2_500):
        render(text, {"ada"})
        mentioned(text)
    assert time.process_time() - begun < 10
