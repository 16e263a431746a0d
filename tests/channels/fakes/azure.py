"""Azure Boards: the work items of one project."""

from __future__ import annotations

import base64
import re
from typing import Any, ClassVar

from .far import Asked, Far, Reply

WHEN = "2026-11-22T13:00:00.123Z"
ME = {"id": "me-1", "uniqueName": "seamark@example.org", "displayName": "Seamark"}
ANNA = {"id": "anna-1", "uniqueName": "anna@example.org", "displayName": "Anna"}
STATES = [
    {"name": "To Do", "category": "Proposed"}, {"name": "Doing", "category": "InProgress"}, {"name": "Done", "category": "Completed"},
]  # fmt: skip


class FakeAzure(Far):
    routes: ClassVar[dict[str, str]] = {
        "GET /_apis/connectionData": "me",
        "GET /_apis/projects/Pay": "project",
        r"GET /Pay/_apis/wit/workitemtypes/Issue/states": "states",
        r"POST /Pay/_apis/wit/wiql": "wiql",
        r"POST /Pay/_apis/wit/workitemsbatch": "batch",
        r"POST /Pay/_apis/wit/workitems/\$Issue": "create",
        r"GET /Pay/_apis/wit/workItems/([0-9]+)": "one",
        r"PATCH /Pay/_apis/wit/workItems/([0-9]+)": "edit",
        r"GET /Pay/_apis/wit/workItems/([0-9]+)/updates": "updates",
        r"GET /Pay/_apis/wit/workItems/([0-9]+)/comments": "comments",
        r"POST /Pay/_apis/wit/workItems/([0-9]+)/comments": "comment",
    }
    revoked = (203, "<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>")
    missing = (404, {"message": "TF401232: Work item 1 does not exist, or you do not have permissions to read it."})

    def __init__(self) -> None:
        super().__init__()
        self.sees_project = True
        self.issues: dict[str, dict[str, Any]] = {}

    def is_authorised(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Basic {base64.b64encode(f':{self.token}'.encode()).decode()}"

    def texts(self) -> list[Any]:
        return [one["fields"]["System.Description"] for one in self.issues.values()]

    def comment_texts(self, key: str) -> list[Any]:
        return [one["text"] for one in self.issues[key]["said"]]

    def count(self) -> int:
        return len(self.issues)

    def delete(self, key: str) -> None:
        del self.issues[key]

    def is_closed(self, key: str) -> bool:
        return bool(self.issues[key]["fields"]["System.State"] == "Done")

    def someone_closes(self, key: str) -> None:
        self.change(key, {"System.State": "Done"}, ANNA)

    def someone_says(self, key: str, text: str) -> None:
        self.say(key, f"<div>{text}</div>", ANNA)

    def say(self, key: str, text: str, person: dict[str, str]) -> dict[str, Any]:
        said = self.issues[key]["said"]
        said.append({"id": len(said) + 1, "text": text, "createdBy": person, "createdDate": WHEN})
        return said[-1]

    def change(self, key: str, fields: dict[str, Any], person: dict[str, str]) -> None:
        issue = self.issues[key]
        told = {name: {"oldValue": issue["fields"].get(name), "newValue": value} for name, value in fields.items()}
        told["System.ChangedDate"] = {"newValue": WHEN}
        issue["updates"].append(
            {
                "id": len(issue["updates"]) + 1,
                "revisedBy": person,
                "revisedDate": "9999-01-01T00:00:00Z",
                "fields": told,
            }
        )
        issue["fields"] |= fields

    def me(self, asked: Asked) -> Reply:
        return 200, {"authenticatedUser": ME}

    def project(self, asked: Asked) -> Reply:
        return (
            (200, {"name": "Pay"})
            if self.sees_project
            else (404, {"message": "TF200016: The following project does not exist: Pay."})
        )

    def states(self, asked: Asked) -> Reply:
        return 200, {"count": 3, "value": STATES}

    def wiql(self, asked: Asked) -> Reply:
        tag = re.search(r"CONTAINS '([^']+)'", asked.body["query"])
        assert tag
        return 200, {
            "workItems": [
                {"id": int(key)} for key, one in self.issues.items() if tag[1] in one["fields"]["System.Tags"]
            ]
        }

    def batch(self, asked: Asked) -> Reply:
        rows = [self.issues.get(str(number)) for number in asked.body["ids"]]
        return 200, {
            "count": len(rows),
            "value": [one and {"id": one["id"], "fields": {"System.ChangedDate": WHEN}} for one in rows],
        }

    def fields(self, asked: Asked) -> dict[str, Any]:
        assert asked.headers["content-type"] == "application/json-patch+json"
        assert all(one["op"] == "add" for one in asked.body)
        return {one["path"].removeprefix("/fields/"): one["value"] for one in asked.body}

    def create(self, asked: Asked) -> Reply:
        fields = self.fields(asked)
        if fields.get("System.AssignedTo") == "nobody@example.org":
            return 400, {"message": "TF401320: Rule Error for field Assigned To. Error code: InvalidNotEmpty."}
        number = str(len(self.issues) + 1)
        self.issues[number] = {
            "id": int(number),
            "fields": {"System.State": "To Do", **fields},
            "said": [],
            "updates": [],
        }
        return 200, self.issues[number]

    def one(self, asked: Asked, key: str) -> Reply:
        return (200, self.issues[key]) if key in self.issues and self.sees_project else self.missing

    def edit(self, asked: Asked, key: str) -> Reply:
        if key not in self.issues:
            return self.missing
        self.change(key, self.fields(asked), ME)
        return 200, self.issues[key]

    def updates(self, asked: Asked, key: str) -> Reply:
        return 200, {"value": self.issues[key]["updates"]}

    def comments(self, asked: Asked, key: str) -> Reply:
        return (
            (200, {"comments": self.issues[key]["said"]}) if key in self.issues and self.sees_project else self.missing
        )

    def comment(self, asked: Asked, key: str) -> Reply:
        return 200, self.say(key, asked.body["text"], ME)
