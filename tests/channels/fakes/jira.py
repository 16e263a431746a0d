"""Jira: the issues of one project. `cloud` says which of the two APIs it speaks."""

from __future__ import annotations

import base64
import re
from typing import Any, ClassVar

from .far import Asked, Far, Reply

DONE = {"id": "5", "name": "Done", "statusCategory": {"key": "done"}}
NEW = {"id": "1", "name": "To Do", "statusCategory": {"key": "new"}}
DOING = {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}}
ME = {"accountId": "me-1", "name": "seamark", "displayName": "Seamark", "emailAddress": "seamark@example.org"}
ANNA = {"accountId": "anna-1", "name": "anna", "displayName": "Anna", "emailAddress": "anna@example.org"}
WHEN = "2026-11-22T13:00:00.000+0000"


class FakeJira(Far):
    routes: ClassVar[dict[str, str]] = {
        "GET /rest/api/[23]/myself": "myself",
        "GET /rest/api/[23]/project/(.+)": "project",
        "GET /rest/api/[23]/status": "statuses",
        "GET /rest/api/[23]/user/assignable/search": "assignable",
        "POST /rest/api/3/search/jql": "search",
        "POST /rest/api/2/search": "search",
        "POST /rest/api/3/issue/bulkfetch": "bulk",
        "POST /rest/api/[23]/issue": "create",
        "GET /rest/api/[23]/issue/([^/]+)": "one",
        "PUT /rest/api/[23]/issue/([^/]+)": "edit",
        "GET /rest/api/[23]/issue/([^/]+)/transitions": "transitions",
        "POST /rest/api/[23]/issue/([^/]+)/transitions": "transition",
        "GET /rest/api/[23]/issue/([^/]+)/comment": "comments",
        "POST /rest/api/[23]/issue/([^/]+)/comment": "comment",
        "GET /rest/api/3/issue/([^/]+)/changelog": "changelog",
    }
    revoked = (401, {"errorMessages": ["Client must be authenticated to access this resource."], "errors": {}})
    limited = (
        429,
        {"errorMessages": ["Rate limit exceeded"]},
        {"Retry-After": "7", "X-RateLimit-Reset": "2026-11-22T14:00Z"},
    )
    missing = (404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}})

    def __init__(self, *, cloud: bool = True) -> None:
        super().__init__()
        self.cloud, self.sees_project, self.gives_properties = cloud, True, True
        self.issues: dict[str, dict[str, Any]] = {}

    def is_authorised(self, asked: Asked) -> bool:
        basic = base64.b64encode(f"seamark@example.org:{self.token}".encode()).decode()
        return asked.headers.get("authorization") in {f"Basic {basic}", f"Bearer {self.token}"}

    def texts(self) -> list[Any]:
        return [one["fields"]["description"] for one in self.issues.values()]

    def comment_texts(self, key: str) -> list[Any]:
        return [one["body"] for one in self.issues[key]["comments"]]

    def count(self) -> int:
        return len(self.issues)

    def delete(self, key: str) -> None:
        del self.issues[key]

    def is_closed(self, key: str) -> bool:
        return bool(self.issues[key]["fields"]["status"] == DONE)

    def someone_closes(self, key: str) -> None:
        issue = self.issues[key]
        issue["fields"] |= {"status": DONE, "resolution": {"name": "Won't Do"}}
        items = [
            {"field": "status", "from": "1", "to": "5", "toString": "Done"},
            {"field": "resolution", "toString": "Won't Do"},
        ]
        self.log(issue, ANNA, items)

    def someone_says(self, key: str, text: str) -> None:
        body = {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
        }
        comments = self.issues[key]["comments"]
        comments.append(
            {"id": str(len(comments) + 100), "author": ANNA, "created": WHEN, "body": body if self.cloud else text}
        )

    def log(self, issue: dict[str, Any], author: dict[str, str], items: list[dict[str, Any]]) -> None:
        log = issue["changelog"]["histories"]
        log.append({"id": str(len(log) + 1), "author": author, "created": WHEN, "items": items})

    def myself(self, asked: Asked) -> Reply:
        return 200, ME

    def project(self, asked: Asked, key: str) -> Reply:
        return (
            (200, {"key": key, "name": "Payments", "issueTypes": [{"name": "Task"}]})
            if self.sees_project
            else self.missing
        )

    def statuses(self, asked: Asked) -> Reply:
        return 200, [NEW, DOING, DONE]

    def assignable(self, asked: Asked) -> Reply:
        wanted = asked.query.get("query") or asked.query.get("username")
        return 200, [ANNA] if wanted == ANNA["emailAddress"] else []

    def search(self, asked: Asked) -> Reply:
        jql = asked.body["jql"]
        if label := re.search(r'labels = "([^"]+)"', jql):
            found = [one for one in self.issues.values() if label[1] in one["fields"]["labels"]]
        else:
            keys = re.findall(r'"([^"]+)"', jql)
            found = [self.issues[key] for key in keys if key in self.issues]
        return 200, {"issues": found[: asked.body["maxResults"]]}

    def bulk(self, asked: Asked) -> Reply:
        return 200, {
            "issues": [self.issues[key] for key in asked.body["issueIdsOrKeys"] if key in self.issues],
            "issueErrors": [],
        }

    def create(self, asked: Asked) -> Reply:
        fields = asked.body["fields"]
        assert isinstance(fields["description"], dict if self.cloud else str)
        key = f"PAY-{len(self.issues) + 1}"
        self.issues[key] = {
            "id": str(10_000 + len(self.issues)), "key": key, "changelog": {"histories": []}, "comments": [],
            "fields": {**fields, "status": NEW, "resolution": None, "updated": WHEN}, "properties": asked.body.get("properties"),
        }  # fmt: skip
        return 201, {"id": self.issues[key]["id"], "key": key, "self": f"{self.url}/rest/api/3/issue/{key}"}

    def one(self, asked: Asked, key: str) -> Reply:
        return (200, self.issues[key]) if key in self.issues else self.missing

    def edit(self, asked: Asked, key: str) -> Reply:
        if key not in self.issues:
            return self.missing
        self.issues[key]["fields"] |= asked.body.get("fields", {})
        for one in asked.body.get("update", {}).get("labels", []):
            labels = self.issues[key]["fields"]["labels"]
            labels += [one["add"]] if one["add"] not in labels else []
        return 204, None

    def transitions(self, asked: Asked, key: str) -> Reply:
        if key not in self.issues:
            return self.missing
        resolution = {"resolution": {"required": True, "allowedValues": [{"name": "Fixed"}, {"name": "Won't Do"}]}}
        return 200, {
            "transitions": [
                {"id": "11", "name": "Back", "to": NEW, "fields": {}},
                {"id": "21", "name": "Start", "to": DOING, "fields": {}},
                {"id": "31", "name": "Finish", "to": DONE, "fields": resolution},
            ]
        }

    def transition(self, asked: Asked, key: str) -> Reply:
        status = {"11": NEW, "21": DOING, "31": DONE}[asked.body["transition"]["id"]]
        if status is DONE and "resolution" not in asked.body.get("fields", {}):
            return 400, {"errorMessages": [], "errors": {"resolution": "Resolution is required."}}
        self.issues[key]["fields"] |= {"status": status, **asked.body.get("fields", {})}
        self.log(self.issues[key], ME, [{"field": "status", "to": status["id"], "toString": status["name"]}])
        return 204, None

    def comments(self, asked: Asked, key: str) -> Reply:
        return (200, {"comments": self.issues[key]["comments"]}) if key in self.issues else self.missing

    def comment(self, asked: Asked, key: str) -> Reply:
        if key not in self.issues:
            return self.missing
        comments = self.issues[key]["comments"]
        body = {name: value for name, value in asked.body.items() if name != "properties" or self.gives_properties}
        comments.append({**body, "id": str(len(comments) + 1), "author": ME, "created": WHEN})
        return 201, comments[-1]

    def changelog(self, asked: Asked, key: str) -> Reply:
        return 200, {"values": self.issues[key]["changelog"]["histories"], "isLast": True}
