"""Comments and watching, through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from seamark.store.models import Application, Event, Issue
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person


def test_say_change_and_delete(call: Caller, issue: Issue) -> None:
    make_person("bob", Role.VIEWER)
    path = f"/issues/{issue.reference}/comments"
    made = call("POST", path, {"text": " Look, @bob and @ghost "})
    assert made.status_code == 201
    said = made.json()
    assert (said["text"], said["mentions"], said["author"], said["edits"]) == (
        "Look, @bob and @ghost",
        ["bob"],
        "ada",
        0,
    )
    changed = call("PATCH", f"{path}/{said['id']}", {"text": "Never mind"}).json()
    assert (changed["text"], changed["mentions"], changed["edits"]) == ("Never mind", [], 1)
    listed = call("GET", path).json()
    assert [one["text"] for one in listed["items"]] == ["Never mind"]
    assert listed["count"] == {"number": 1, "more": False}
    gone = call("DELETE", f"{path}/{said['id']}").json()
    assert (gone["text"], gone["deleted_at"] is not None) == ("", True)
    assert call("DELETE", f"{path}/{said['id']}").status_code == 409
    assert call("PATCH", f"{path}/{said['id']}", {"text": "Again"}).status_code == 409


def test_pages(call: Caller, issue: Issue) -> None:
    path = f"/issues/{issue.reference}/comments"
    for at in range(3):
        call("POST", path, {"text": f"Word {at}"})
    first = call("GET", f"{path}?limit=2").json()
    assert [one["text"] for one in first["items"]] == ["Word 2", "Word 1"]
    second = call("GET", f"{path}?limit=2&after={first['next']}").json()
    assert [one["text"] for one in second["items"]] == ["Word 0"]


@pytest.mark.parametrize("text", ["", "   ", "a\0b", "x" * 10_001])
def test_texts_that_are_none(call: Caller, issue: Issue, text: str) -> None:
    assert call("POST", f"/issues/{issue.reference}/comments", {"text": text}).status_code == 422


def test_rights(call: Caller, caller: Callable[..., Caller], issue: Issue, world: dict[str, Application]) -> None:
    path = f"/issues/{issue.reference}/comments"
    said = call("POST", path, {"text": "Mine"}).json()["id"]
    viewer = caller(make_person("vera", Role.VIEWER))
    assert viewer("GET", path).json()["items"][0]["text"] == "Mine"
    assert viewer("POST", path, {"text": "x"}).status_code == 403
    dev = caller(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    assert dev("PATCH", f"{path}/{said}", {"text": "x"}).status_code == 403
    assert dev("DELETE", f"{path}/{said}").status_code == 403
    assert dev("DELETE", f"{path}/999999").status_code == 404
    other = caller(make_person("eve", Role.ADMIN, application=world["payroll"]))
    for method, address, body in (("GET", path, None), ("POST", path, {"text": "x"}), ("DELETE", f"{path}/{said}", None), ("PUT", f"/issues/{issue.reference}/watch", None)):  # fmt: skip
        assert other(method, address, body).status_code == 404
    reading = caller(make_person("rita", Role.ANALYST), "read")
    assert reading("POST", path, {"text": "x"}).status_code == 403
    assert reading("PUT", f"/issues/{issue.reference}/watch").status_code == 403


def test_too_late(call: Caller, issue: Issue) -> None:
    path = f"/issues/{issue.reference}/comments"
    said = call("POST", path, {"text": "Old"}).json()["id"]
    Event.objects.filter(pk=said).update(at=timezone.now() - timedelta(days=2))
    answer = call("PATCH", f"{path}/{said}", {"text": "New"})
    assert answer.status_code == 409
    assert "for a day" in answer.json()["detail"]


def test_watch(call: Caller, caller: Callable[..., Caller], issue: Issue) -> None:
    path = f"/issues/{issue.reference}/watch"
    assert call("GET", path).json() == {"watching": False, "watchers": 0}
    assert call("PUT", path).json() == {"watching": True, "watchers": 1}
    assert call("PUT", path).json() == {"watching": True, "watchers": 1}
    viewer = caller(make_person("vera", Role.VIEWER))
    assert viewer("GET", path).json() == {"watching": False, "watchers": 1}
    assert call("DELETE", path).json() == {"watching": False, "watchers": 0}
