"""Acts on tickets are done once at every service, and what others do there is told."""

from __future__ import annotations

import json

import pytest

from seamark.core.errors import Gone, RemoteFailure
from seamark.response.actions.contract import Act, Verb

from .conftest import TICKETS, Connect, ticket

pytestmark = pytest.mark.parametrize("name", TICKETS)


def test_a_ticket_is_opened_once(connect: Connect, name: str) -> None:
    line = connect(name)
    first, second, other = line.open(), line.open(), line.open(key="fix:8:open")
    assert (first.found, second.found, other.found) == (False, True, False)
    assert first.reference == second.reference != other.reference
    assert first.url.startswith("http")
    assert first.url == second.url
    assert line.far.count() == 2


def test_one_key_is_not_taken_for_another_that_begins_with_it(connect: Connect, name: str) -> None:
    line = connect(name)
    assert line.open(key="fix:71").reference != line.open(key="fix:7").reference


def test_a_ticket_whose_answer_was_lost_is_found(connect: Connect, name: str) -> None:
    line = connect(name)
    line.far.loses = "do_issueCreate" if name == "linear" else "create"
    line.wait = 0.4
    with pytest.raises(RemoteFailure) as caught:
        line.open()
    assert not caught.value.permanent
    line.far.loses, line.wait = "", 5.0
    assert line.open().found
    assert line.far.count() == 1


def test_a_comment_whose_answer_was_lost_is_found(connect: Connect, name: str) -> None:
    line = connect(name)
    reference = line.open().reference
    line.far.loses = {"gitlab": "note", "servicenow": "edit", "linear": "do_commentCreate"}.get(name, "comment")
    line.wait = 0.4
    with pytest.raises(RemoteFailure):
        line.move(Verb.COMMENT, reference, "Two images more")
    line.far.loses, line.wait = "", 5.0
    assert line.move(Verb.COMMENT, reference, "Two images more").found
    assert len(line.far.comment_texts(reference)) == 1


def test_a_search_that_lags_behind_opens_no_second_ticket(connect: Connect, name: str) -> None:
    line = connect(name)
    line.far.lags = True
    assert line.open().reference == line.open().reference
    assert line.far.count() == 1


def test_the_whole_life_of_a_ticket(connect: Connect, name: str) -> None:
    line = connect(name)
    reference = line.open().reference
    assert (
        line.update(reference, title="Update log4j-core to 2.17.2", text="New *words*", labels=("new",)).reference
        == reference
    )
    assert "New" in json.dumps(line.far.texts())
    assert not line.move(Verb.CLOSE, reference, comment="The fix is in.").found
    assert line.far.is_closed(reference)
    assert line.move(Verb.CLOSE, reference, comment="The fix is in.").found
    assert len(line.far.comment_texts(reference)) == 1
    assert not line.move(Verb.REOPEN, reference, comment="It is back.").found
    assert not line.far.is_closed(reference)
    assert line.move(Verb.REOPEN, reference, comment="It is back.").found
    assert len(line.far.comment_texts(reference)) == 2
    # A changed ticket is found as before.
    assert line.open().reference == reference


def test_a_comment_is_made_once(connect: Connect, name: str) -> None:
    line = connect(name)
    # Not every Jira gives properties back: Data Center does not here.
    line.far.gives_properties = name == "jira"
    reference = line.open().reference
    first = line.move(Verb.COMMENT, reference, "Two images more", key="fix:7:comment:1")
    again = line.move(Verb.COMMENT, reference, "Two images more", key="fix:7:comment:1")
    other = line.move(Verb.COMMENT, reference, "One image less", key="fix:7:comment:11")
    assert (first.found, again.found, other.found) == (False, True, False)
    assert len(line.far.comment_texts(reference)) == 2


def test_what_the_far_side_owns_is_left_as_it_is(connect: Connect, name: str) -> None:
    line = connect(name)
    reference = line.open().reference
    line.far.asked.clear()
    line.update(reference, keep=("priority", "assignee", "due", "labels"))
    sent = json.dumps([one.body for one in line.far.asked if one.method in {"PUT", "PATCH", "POST"}])
    assert "assign" not in sent.lower()
    assert "riority" not in sent
    assert "impact" not in sent
    # GitHub's labels are written as a whole: those that were there stay.
    assert ('"P0"' in sent) is (name == "github")
    assert "2026-12-01" not in sent


def test_somebody_who_is_not_known_gets_no_ticket(connect: Connect, name: str) -> None:
    line = connect(name)
    assert line.open(assignee="nobody@example.org").reference
    assert line.far.count() == 1


def test_what_others_did_is_told_once_with_an_id(connect: Connect, name: str) -> None:
    line = connect(name)
    reference, other = line.open().reference, line.open(key="fix:8").reference
    line.move(Verb.COMMENT, reference, "From Seamark")
    line.far.someone_closes(reference)
    line.far.someone_says(reference, "/accept it is behind a firewall until 2027-01-01")
    found = line.changes(reference, other)
    states = [one for one in found if one.kind == "status" and one.reference == reference]
    assert states
    assert states[-1].value.startswith("closed")
    assert not states[-1].own
    said = [one for one in found if one.kind == "comment"]
    assert [one.value for one in said] == ["/accept it is behind a firewall until 2027-01-01"]
    assert said[0].author
    assert said[0].author != line.channel.own(line.settings, line.caller())
    assert len({one.id for one in found}) == len(found)
    assert [one.id for one in line.changes(reference, other)] == [one.id for one in found]
    later = "2026-11-23T00:00:00+00:00"
    assert not [one for one in line.changes(reference, other, since=later) if one.kind in {"comment", "assignee"}]


def test_what_we_did_is_marked_as_ours(connect: Connect, name: str) -> None:
    line = connect(name)
    reference = line.open().reference
    line.move(Verb.CLOSE, reference)
    found = [one for one in line.changes(reference) if one.kind == "status"]
    assert found
    assert all(one.own for one in found if one.value.startswith("closed"))


def test_a_deleted_ticket_is_gone_for_every_act(connect: Connect, name: str) -> None:
    line = connect(name)
    reference = line.open().reference
    line.far.delete(reference)
    for verb in (Verb.UPDATE, Verb.CLOSE, Verb.REOPEN, Verb.COMMENT):
        with pytest.raises(Gone) as caught:
            line.do(Act(verb=verb, key=f"fix:7:{verb}", reference=reference, comment="words", ticket=ticket()))
        assert caught.value.permanent


def test_a_deleted_ticket_is_told_once_where_the_service_tells(connect: Connect, name: str) -> None:
    line = connect(name)
    reference = line.open().reference
    line.far.delete(reference)
    told = [one for one in line.changes(reference) if one.kind == "deleted"]
    assert [one.id for one in told] == ([] if name in {"github", "gitlab"} else [f"{reference}:deleted"])


def test_a_project_that_may_not_be_seen_any_more_is_no_deleted_ticket(connect: Connect, name: str) -> None:
    if name == "linear":
        pytest.skip("a token without the team sees its issues as deleted ones: Linear does not tell them apart")
    line = connect(name)
    reference = line.open().reference
    line.far.sees_project = False
    if name.startswith("jira"):
        line.far.issues.clear()
    with pytest.raises(RemoteFailure) as caught:
        line.move(Verb.CLOSE, reference)
    assert caught.value.permanent
    assert not isinstance(caught.value, Gone)


def test_the_check_says_where(connect: Connect, name: str) -> None:
    line = connect(name)
    assert len(line.channel.check(line.settings, line.caller())) > 5
    assert "http" not in line.channel.check(line.settings, line.caller())


def test_acts_that_are_none_are_refused(connect: Connect, name: str) -> None:
    line = connect(name)
    for act in (Act(verb=Verb.SEND, key="a"), Act(verb=Verb.CLOSE, key="a"), Act(verb=Verb.OPEN, key="a")):
        with pytest.raises(RemoteFailure) as caught:
            line.do(act)
        assert caught.value.permanent
    with pytest.raises(RemoteFailure):
        line.move(Verb.CLOSE, "../../admin")
    assert not any("admin" in one.target and "%2F" not in one.target for one in line.far.asked)
