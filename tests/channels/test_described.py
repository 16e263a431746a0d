"""Every request of the channels against the facts of what the vendors publish, where there is no package of theirs to hold it against."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from seamark.response.actions.contract import Verb

from .conftest import Connect, Line
from .described import NAMES, description, operation, operations, wrong
from .fakes.far import Asked
from .test_descriptions import TEXT, live


def requests(line: Line) -> list[Asked]:
    """Lead a ticket or an alert through its life, and return what was asked for."""
    if line.name != "opsgenie":
        return [*live(line), *told_apart(line)]
    alert = line.send(text=TEXT).reference
    for number, to in enumerate(("anna@example.org", "Payments")):
        line.send(key=f"to-{number}", to=to, urgent=False)
    line.move(Verb.CLOSE, alert, "It is fixed.")
    line.channel.check(line.settings, line.caller())
    return list(line.far.asked)


def told_apart(line: Line) -> list[Asked]:
    """Ask for a ticket that is gone, which asks for what holds it as well."""
    gone = line.open(key="gone").reference
    line.far.asked.clear()
    line.far.delete(gone)
    line.changes(gone)
    return list(line.far.asked)


def test_which_vendors_are_held_to_what_they_publish() -> None:
    assert NAMES == ["azure_boards", "gitlab", "jira", "opsgenie"]
    for name in NAMES:
        assert len(description(name)["source"]) > 40
        assert isinstance(description(name)["read"], date)


@pytest.mark.parametrize("name", NAMES)
def test_every_request_is_described(connect: Connect, name: str) -> None:
    asked = requests(connect(name))
    assert [one for each in asked for one in wrong(name, each)] == []
    used = {operation(name, each) for each in asked}
    assert set(operations(name)) - used - {"GET /_apis/projects/{projectId}"} == set(), (
        "facts that nothing is held against"
    )


def request(method: str, path: str, body: Any = None, **query: str) -> Asked:
    return Asked(method, path, query, {}, body, b"")


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("jira", request("POST", "/rest/api/3/search", {"jql": "x"}), "is not described"),
        ("jira", request("POST", "/rest/api/3/search/jql", {"jql": 5}), "jql is 5, not string"),
        ("jira", request("POST", "/rest/api/3/search/jql", {"jql": "", "validateQuery": False}), "no field validateQuery"),
        ("jira", request("POST", "/rest/api/3/issue/bulkfetch", {"fields": []}), "issueIdsOrKeys is needed"),
        ("jira", request("GET", "/rest/api/3/issue/A-1/comment", orderBy="newest"), "orderBy is 'newest'"),
        ("jira", request("GET", "/rest/api/3/issue/A-1/changelog", startAt="first"), "startAt is 'first', not integer"),
        ("jira", request("POST", "/rest/api/3/issue/A-1/transitions", {"transition": {"id": 5}}), "transition.id is 5"),
        ("jira", request("GET", "/rest/api/3/myself", {"a": 1}), "takes no body"),
        ("gitlab", request("POST", "/api/v4/projects/1/issues", {"description": "x"}), "title is needed"),
        ("gitlab", request("POST", "/api/v4/projects/1/issues", {"title": "x", "due_date": "soon"}), "not date"),
        ("gitlab", request("PUT", "/api/v4/projects/1/issues/2", {"assignee_ids": ["9"]}), "not integer[]"),
        ("gitlab", request("PUT", "/api/v4/projects/1/issues/2", {"confidential": 1}), "not boolean"),
        ("gitlab", request("GET", "/api/v4/projects/1/issues", updated_after="today"), "not datetime"),
        ("opsgenie", request("POST", "/v2/alerts", {"message": "x", "details": {"a": 1}}), "details.a is 1"),
        ("opsgenie", request("POST", "/v2/alerts", {"message": "x", "responders": [{"type": "nobody"}]}), "responders[].type"),
        ("azure_boards", request("GET", "/Pay/_apis/wit/workItems/1"), "lacks the parameter api-version"),
        ("azure_boards", request("PATCH", "/Pay/_apis/wit/workItems/1", [{"op": "put"}], **{"api-version": "7.1"}), "op is 'put'"),
        ("azure_boards", request("PATCH", "/Pay/_apis/wit/workItems/1", {"op": "add"}, **{"api-version": "7.1"}), "no object"),
    ],
)  # fmt: skip
def test_what_is_not_described_is_told(name: str, asked: Asked, words: str) -> None:
    found = wrong(name, asked)
    assert any(words in one for one in found), found
