"""Linear: the issues of one team, by its GraphQL queries' names."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from .far import Asked, Far, Reply

WHEN = "2026-11-22T13:00:00.123Z"
ANNA = {"id": "anna-1", "email": "anna@example.org"}
ME = {"id": "me-1", "email": "seamark@example.org", "name": "Seamark", "organization": {"name": "Acme"}}
STATES = [
    {"id": "s1", "name": "Backlog", "type": "backlog", "position": 0}, {"id": "s2", "name": "Todo", "type": "unstarted", "position": 1},
    {"id": "s3", "name": "Done", "type": "completed", "position": 3}, {"id": "s4", "name": "Canceled", "type": "canceled", "position": 4},
]  # fmt: skip


class FakeLinear(Far):
    routes: ClassVar[dict[str, str]] = {"POST /graphql": "graphql"}
    revoked = (
        401,
        {"errors": [{"message": "Authentication required", "extensions": {"code": "AUTHENTICATION_ERROR"}}]},
    )
    limited = (
        400,
        {"errors": [{"message": "Rate limit exceeded", "extensions": {"code": "RATELIMITED"}}]},
        {"Retry-After": "7"},
    )

    def __init__(self) -> None:
        super().__init__()
        self.sees_project = True
        self.issues: dict[str, dict[str, Any]] = {}

    def is_authorised(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer {self.token}"

    def texts(self) -> list[Any]:
        return [one["description"] for one in self.issues.values()]

    def comment_texts(self, key: str) -> list[Any]:
        return [one["body"] for one in self.issues[key]["comments"]["nodes"]]

    def count(self) -> int:
        return len(self.issues)

    def delete(self, key: str) -> None:
        self.issues[key]["trashed"] = True

    def is_closed(self, key: str) -> bool:
        return bool(self.issues[key]["state"]["type"] == "completed")

    def someone_closes(self, key: str) -> None:
        self.set_state(key, "s4", ANNA)

    def someone_says(self, key: str, text: str) -> None:
        self.issues[key]["comments"]["nodes"].append({"id": "c-anna", "body": text, "createdAt": WHEN, "user": ANNA})

    def set_state(self, key: str, id: str, actor: dict[str, Any]) -> None:
        issue = self.issues[key]
        issue["state"] = next(one for one in STATES if one["id"] == id)
        rows = issue["history"]["nodes"]
        rows.append({"id": f"h{len(rows)}", "createdAt": WHEN, "actor": actor, "toState": issue["state"]})

    def graphql(self, asked: Asked) -> Reply | None:
        query, given = asked.body["query"], asked.body["variables"]
        name = re.search(r"\{\s*(\w+)", query.partition(")")[2] if given else query)
        assert name
        data = getattr(self, f"do_{name[1]}")(given)
        if f"do_{name[1]}" == self.loses:
            return None
        if data is None:
            return 200, {"errors": [{"message": "Entity not found", "extensions": {"code": "INPUT_ERROR"}}]}
        return 200, {"data": {name[1]: data}}

    def do_viewer(self, given: dict[str, Any]) -> Any:
        return ME

    def do_team(self, given: dict[str, Any]) -> Any:
        labels = {"nodes": [{"id": "l1", "name": "security"}]}
        return (
            {"id": "team-1", "name": "Payments", "states": {"nodes": STATES}, "labels": labels}
            if given["id"] == "PAY"
            else None
        )

    def do_users(self, given: dict[str, Any]) -> Any:
        return {"nodes": [ANNA] if given["email"] == ANNA["email"] else []}

    def do_issues(self, given: dict[str, Any]) -> Any:
        wanted = given.get("ids") or [given["id"]]
        return {"nodes": [self.issues[one] for one in wanted if one in self.issues]}

    def do_issueCreate(self, given: dict[str, Any]) -> Any:  # noqa: N802 - named as the field is
        body = given["input"]
        if body["id"] in self.issues:
            return None
        self.issues[body["id"]] = {
            **body, "identifier": f"PAY-{len(self.issues) + 1}", "url": f"https://linear.example/PAY-{len(self.issues) + 1}", "trashed": None,
            "state": STATES[1], "labels": {"nodes": []}, "history": {"nodes": []}, "comments": {"nodes": []},
        }  # fmt: skip
        return {"success": True, "issue": self.issues[body["id"]]}

    def do_issueUpdate(self, given: dict[str, Any]) -> Any:  # noqa: N802 - named as the field is
        body = dict(given["input"])
        if state := body.pop("stateId", ""):
            self.set_state(given["id"], state, ME)
        self.issues[given["id"]] |= body
        return {"success": True, "issue": self.issues[given["id"]]}

    def do_comments(self, given: dict[str, Any]) -> Any:
        return {
            "nodes": [
                said for one in self.issues.values() for said in one["comments"]["nodes"] if said["id"] == given["id"]
            ]
        }

    def do_commentCreate(self, given: dict[str, Any]) -> Any:  # noqa: N802 - named as the field is
        body = given["input"]
        self.issues[body["issueId"]]["comments"]["nodes"].append({**body, "createdAt": WHEN, "user": ME})
        return {"success": True, "comment": {"id": body["id"]}}
