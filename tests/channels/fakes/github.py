"""GitHub: the issues of one repository. Its search sees nothing while `lags`."""

from __future__ import annotations

from typing import Any, ClassVar

from .far import Asked, Far, Reply

WHEN = "2026-11-22T13:00:00Z"


class FakeGitHub(Far):
    routes: ClassVar[dict[str, str]] = {
        "GET /user": "me",
        "GET /repos/acme/pay": "repository",
        "GET /search/issues": "search",
        "GET /search/users": "people",
        "GET /repos/acme/pay/assignees/(.+)": "assignee",
        "GET /repos/acme/pay/issues": "newest",
        "POST /repos/acme/pay/issues": "create",
        "GET /repos/acme/pay/issues/comments": "all_comments",
        "GET /repos/acme/pay/issues/([0-9]+)": "one",
        "PATCH /repos/acme/pay/issues/([0-9]+)": "edit",
        "GET /repos/acme/pay/issues/([0-9]+)/comments": "comments",
        "POST /repos/acme/pay/issues/([0-9]+)/comments": "comment",
        "GET /repos/acme/pay/issues/([0-9]+)/events": "events",
        "POST /app/installations/42/access_tokens": "installation",
    }
    gone = (410, {"message": "This issue was deleted"})

    def __init__(self) -> None:
        super().__init__()
        self.lags, self.sees_project = False, True
        self.issues: dict[str, dict[str, Any]] = {}
        self.tokens = {self.token}

    def is_authorised(self, asked: Asked) -> bool:
        return (
            asked.path.startswith("/app/")
            or asked.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens
        )

    def texts(self) -> list[Any]:
        return [one["body"] for one in self.issues.values()]

    def comment_texts(self, key: str) -> list[Any]:
        return [one["body"] for one in self.issues[key]["said"]]

    def count(self) -> int:
        return len(self.issues)

    def delete(self, key: str) -> None:
        self.issues[key]["deleted"] = True

    def is_closed(self, key: str) -> bool:
        return bool(self.issues[key]["state"] == "closed")

    def someone_closes(self, key: str) -> None:
        self.issues[key] |= {"state": "closed", "state_reason": "not_planned"}
        self.issues[key]["events"].append(
            {
                "id": 900,
                "event": "closed",
                "actor": {"login": "anna"},
                "created_at": WHEN,
                "state_reason": "not_planned",
            }
        )

    def someone_says(self, key: str, text: str) -> None:
        self.say(key, text, "anna")

    def say(self, key: str, text: str, login: str) -> dict[str, Any]:
        url = f"{self.url}/repos/acme/pay/issues/{key}"
        said = self.issues[key]["said"]
        said.append(
            {
                "id": len(said) + 50,
                "body": text,
                "user": {"login": login},
                "created_at": WHEN,
                "issue_url": url,
                "html_url": url,
            }
        )
        return said[-1]

    def me(self, asked: Asked) -> Reply:
        return 200, {"login": "seamark-bot"}

    def repository(self, asked: Asked) -> Reply:
        return (
            (200, {"full_name": "acme/pay", "has_issues": True})
            if self.sees_project
            else (404, {"message": "Not Found"})
        )

    def search(self, asked: Asked) -> Reply:
        wanted = asked.query["q"].split('"')[1]
        found = [one for one in self.issues.values() if wanted in one["body"]]
        return 200, {"total_count": len(found), "items": [] if self.lags else found}

    def people(self, asked: Asked) -> Reply:
        return 200, {"items": [{"login": "anna"}] if "anna@example.org" in asked.query["q"] else []}

    def assignee(self, asked: Asked, login: str) -> Reply:
        return (204, None) if login == "anna" else (404, {"message": "Not Found"})

    def newest(self, asked: Asked) -> Reply:
        rows = [
            one
            for one in self.issues.values()
            if any(label["name"] == asked.query["labels"] for label in one["labels"])
        ]
        return 200, rows[::-1] if asked.query.get("page", "1") == "1" else []

    def create(self, asked: Asked) -> Reply:
        number = str(len(self.issues) + 1)
        self.issues[number] = {"said": [], "events": []}
        self.write(number, asked.body)
        self.issues[number] |= {
            "number": int(number),
            "state": "open",
            "html_url": f"https://github.example/acme/pay/issues/{number}",
        }
        return 201, self.issues[number]

    def write(self, number: str, body: dict[str, Any]) -> None:
        labels = {"labels": [{"name": one} for one in body["labels"]]} if "labels" in body else {}
        self.issues[number] |= {**body, **labels}

    def one(self, asked: Asked, key: str) -> Reply:
        return (
            self.gone
            if key not in self.issues or "deleted" in self.issues[key] or not self.sees_project
            else (200, self.issues[key])
        )

    def edit(self, asked: Asked, key: str) -> Reply:
        if "deleted" in self.issues[key]:
            return self.gone
        if "state" in asked.body and asked.body["state"] != self.issues[key]["state"]:
            what = "closed" if asked.body["state"] == "closed" else "reopened"
            events = self.issues[key]["events"]
            events.append({"id": len(events) + 1, "event": what, "actor": {"login": "seamark-bot"}, "created_at": WHEN})
        self.write(key, asked.body)
        return 200, self.issues[key]

    def comments(self, asked: Asked, key: str) -> Reply:
        return 200, self.issues[key]["said"] if asked.query["page"] == "1" else []

    def all_comments(self, asked: Asked) -> Reply:
        return 200, [said for one in self.issues.values() for said in one["said"]] if asked.query["page"] == "1" else []

    def comment(self, asked: Asked, key: str) -> Reply:
        return 201, self.say(key, asked.body["body"], "seamark-bot")

    def events(self, asked: Asked, key: str) -> Reply:
        return 200, self.issues[key]["events"] if asked.query["page"] == "1" else []

    def installation(self, asked: Asked) -> Reply:
        self.tokens.add("ghs_installation")
        return 201, {"token": "ghs_installation", "expires_at": "2026-11-22T14:00:00Z"}
