"""ServiceNow: the rows of one table, and the journal."""

from __future__ import annotations

import base64
import re
from typing import Any, ClassVar

from .far import Asked, Far, Reply

WHEN = "2026-11-22 13:00:00"


class FakeServiceNow(Far):
    routes: ClassVar[dict[str, str]] = {
        "GET /api/now/table/incident": "query",
        "POST /api/now/table/incident": "create",
        "GET /api/now/table/incident/([0-9a-f]{32})": "one",
        "PATCH /api/now/table/incident/([0-9a-f]{32})": "edit",
        "GET /api/now/table/sys_journal_field": "journal",
        "GET /api/now/table/sys_user": "people",
    }
    revoked = (
        401,
        {
            "error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"},
            "status": "failure",
        },
    )
    limited = (429, {"error": {"message": "Rate limit exceeded"}}, {"Retry-After": "7", "X-RateLimit-Reset": "1"})
    missing = (
        404,
        {
            "error": {
                "message": "No Record found",
                "detail": "Record doesn't exist or ACL restricts the record retrieval",
            }
        },
    )

    def __init__(self) -> None:
        super().__init__()
        self.sees_project = True
        self.issues: dict[str, dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []

    def is_authorised(self, asked: Asked) -> bool:
        return (
            asked.headers.get("authorization") == f"Basic {base64.b64encode(f'seamark:{self.token}'.encode()).decode()}"
        )

    def texts(self) -> list[Any]:
        return [one["description"] for one in self.issues.values()]

    def comment_texts(self, key: str) -> list[Any]:
        return [one["value"] for one in self.notes if one["element_id"] == key]

    def count(self) -> int:
        return len(self.issues)

    def delete(self, key: str) -> None:
        del self.issues[key]

    def is_closed(self, key: str) -> bool:
        return bool(self.issues[key]["state"] == "6")

    def someone_closes(self, key: str) -> None:
        self.issues[key] |= {
            "state": "7",
            "close_code": "No resolution provided",
            "sys_updated_by": "anna",
            "sys_mod_count": "9",
        }

    def someone_says(self, key: str, text: str) -> None:
        self.say(key, text, "anna")

    def say(self, key: str, text: str, by: str) -> None:
        self.notes.append(
            {
                "sys_id": f"n{len(self.notes)}",
                "element_id": key,
                "element": "work_notes",
                "value": text,
                "sys_created_by": by,
                "sys_created_on": WHEN,
            }
        )

    def query(self, asked: Asked) -> Reply:
        if not self.sees_project:
            return 403, {"error": {"message": "Insufficient rights to query records"}}
        query = asked.query.get("sysparm_query", "")
        if found := re.match(r"correlation_id=(\w+)", query):
            rows = [one for one in self.issues.values() if one["correlation_id"] == found[1]]
        else:
            rows = [self.issues[key] for key in query.removeprefix("sys_idIN").split(",") if key in self.issues]
        return 200, {"result": rows[: int(asked.query["sysparm_limit"])]}

    def create(self, asked: Asked) -> Reply:
        key = f"{len(self.issues) + 1:032x}"
        self.issues[key] = {
            "state": "1",
            **asked.body,
            "sys_id": key,
            "sys_updated_on": WHEN,
            "sys_updated_by": "seamark",
            "sys_mod_count": "0",
        }
        return 201, {"result": self.issues[key]}

    def one(self, asked: Asked, key: str) -> Reply:
        return (200, {"result": self.issues[key]}) if key in self.issues and self.sees_project else self.missing

    def edit(self, asked: Asked, key: str) -> Reply:
        if key not in self.issues:
            return self.missing
        body = dict(asked.body)
        if note := body.pop("work_notes", ""):
            self.say(key, note, "seamark")
        self.issues[key] |= body
        return 200, {"result": self.issues[key]}

    def journal(self, asked: Asked) -> Reply:
        query = asked.query["sysparm_query"]
        like = re.search(r"valueLIKE([^^]+)", query)
        keys = re.search(r"element_id(?:=|IN)([0-9a-f,]+)", query)
        assert keys
        rows = [
            one
            for one in self.notes
            if one["element_id"] in keys[1].split(",") and (not like or like[1] in one["value"])
        ]
        return 200, {"result": rows}

    def people(self, asked: Asked) -> Reply:
        return 200, {
            "result": [{"sys_id": "a" * 32}] if "email=anna@example.org" in asked.query["sysparm_query"] else []
        }
