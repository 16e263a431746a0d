"""GitLab: the issues of one project. Its search sees nothing while `lags`."""

from __future__ import annotations

from typing import Any, ClassVar

from .far import Asked, Far, Reply

HOME = "/api/v4/projects/acme%2Fpay"
WHEN = "2026-11-22T13:00:00.123Z"
ME = {"id": 7, "username": "seamark"}
ANNA = {"id": 9, "username": "anna"}


class FakeGitLab(Far):
    routes: ClassVar[dict[str, str]] = {
        "GET /api/v4/user": "me",
        "GET /api/v4/users": "people",
        f"GET {HOME}": "project",
        f"GET {HOME}/members/all/([0-9]+)": "member",
        f"GET {HOME}/issues": "issues_of",
        f"POST {HOME}/issues": "create",
        f"GET {HOME}/issues/([0-9]+)": "one",
        f"PUT {HOME}/issues/([0-9]+)": "edit",
        f"GET {HOME}/issues/([0-9]+)/notes": "notes",
        f"POST {HOME}/issues/([0-9]+)/notes": "note",
        f"GET {HOME}/issues/([0-9]+)/resource_state_events": "states",
        f"GET {HOME}/issues/([0-9]+)/resource_label_events": "labels",
    }
    revoked = (
        401,
        {"error": "invalid_token", "error_description": "Token was revoked. You have to re-authorize from the user."},
    )
    limited = (
        429,
        {"message": {"error": "Too many requests"}},
        {"Retry-After": "7", "RateLimit-Remaining": "0", "RateLimit-Reset": "1"},
    )
    missing = (404, {"message": "404 Not found"})

    def __init__(self) -> None:
        super().__init__()
        self.lags, self.sees_project = False, True
        self.issues: dict[str, dict[str, Any]] = {}

    def is_authorised(self, asked: Asked) -> bool:
        return asked.headers.get("private-token") == self.token

    def texts(self) -> list[Any]:
        return [one["description"] for one in self.issues.values()]

    def comment_texts(self, key: str) -> list[Any]:
        return [one["body"] for one in self.issues[key]["notes"]]

    def count(self) -> int:
        return len(self.issues)

    def delete(self, key: str) -> None:
        del self.issues[key]

    def is_closed(self, key: str) -> bool:
        return bool(self.issues[key]["state"] == "closed")

    def someone_closes(self, key: str) -> None:
        self.issues[key]["state"] = "closed"
        self.issues[key]["states"].append({"id": 900, "user": ANNA, "created_at": WHEN, "state": "closed"})

    def someone_says(self, key: str, text: str) -> None:
        self.say(key, text, ANNA)

    def say(self, key: str, text: str, author: dict[str, Any]) -> dict[str, Any]:
        notes = self.issues[key]["notes"]
        notes.append({"id": len(notes) + 1, "body": text, "author": author, "created_at": WHEN, "system": False})
        return notes[-1]

    def me(self, asked: Asked) -> Reply:
        return 200, ME

    def people(self, asked: Asked) -> Reply:
        return 200, [ANNA] if asked.query["search"] == "anna@example.org" else []

    def project(self, asked: Asked) -> Reply:
        return (
            (200, {"path_with_namespace": "acme/pay", "issues_access_level": "enabled"})
            if self.sees_project
            else self.missing
        )

    def member(self, asked: Asked, number: str) -> Reply:
        return (200, ANNA) if number == "9" else self.missing

    def issues_of(self, asked: Asked) -> Reply:
        rows = [one for one in self.issues.values() if asked.query["labels"] in one["labels"]]
        if "search" in asked.query:
            rows = [] if self.lags else [one for one in rows if asked.query["search"] in one["description"]]
        return 200, rows if asked.query.get("page", "1") == "1" else []

    def create(self, asked: Asked) -> Reply:
        number = str(len(self.issues) + 1)
        labels = asked.body["labels"].split(",")
        self.issues[number] = {
            **asked.body, "labels": labels, "iid": int(number), "state": "opened", "web_url": f"https://gitlab.example/acme/pay/-/issues/{number}",
            "notes": [], "states": [], "label_events": [],
        }  # fmt: skip
        return 201, self.issues[number]

    def one(self, asked: Asked, key: str) -> Reply:
        return (200, self.issues[key]) if key in self.issues and self.sees_project else self.missing

    def edit(self, asked: Asked, key: str) -> Reply:
        if key not in self.issues:
            return self.missing
        body, issue = dict(asked.body), self.issues[key]
        gone = body.pop("remove_labels", "").split(",")
        added = [one for one in body.pop("add_labels", "").split(",") if one]
        issue["labels"] = [one for one in dict.fromkeys([*issue["labels"], *added]) if one not in gone]
        if move := body.pop("state_event", ""):
            issue["state"] = "closed" if move == "close" else "opened"
            issue["states"].append(
                {
                    "id": len(issue["states"]) + 1,
                    "user": ME,
                    "created_at": WHEN,
                    "state": "closed" if move == "close" else "reopened",
                }
            )
        issue |= body
        return 200, issue

    def notes(self, asked: Asked, key: str) -> Reply:
        return 200, self.issues[key]["notes"] if asked.query["page"] == "1" else []

    def note(self, asked: Asked, key: str) -> Reply:
        return 201, self.say(key, asked.body["body"], ME)

    def states(self, asked: Asked, key: str) -> Reply:
        return 200, self.issues[key]["states"] if asked.query["page"] == "1" else []

    def labels(self, asked: Asked, key: str) -> Reply:
        return 200, self.issues[key]["label_events"] if asked.query["page"] == "1" else []
