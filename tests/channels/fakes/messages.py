"""Slack, Teams, PagerDuty and Opsgenie."""

from __future__ import annotations

from typing import Any, ClassVar

from .far import Asked, Far, Reply


class FakeSlack(Far):
    """Slack's Web API answers refusals with the status 200."""

    routes: ClassVar[dict[str, str]] = {
        "POST /auth.test": "me",
        "POST /chat.postMessage": "post",
        "GET /conversations.history": "history",
        "GET /conversations.replies": "history",
        "GET /users.lookupByEmail": "lookup",
        "GET /users.info": "info",
        "POST /conversations.open": "open",
        "POST /services/T1/B1/secret": "hook",
    }
    revoked = (200, {"ok": False, "error": "token_revoked"})
    limited = (429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"})

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.reads_history = True

    def is_authorised(self, asked: Asked) -> bool:
        return asked.path.startswith("/services/") or asked.headers.get("authorization") == f"Bearer {self.token}"

    def me(self, asked: Asked) -> Reply:
        return 200, {"ok": True, "user": "seamark", "team": "Acme"}

    def post(self, asked: Asked) -> Reply:
        self.messages.append({**asked.body, "ts": f"1700000000.00{len(self.messages):04}"})
        return 200, {"ok": True, "channel": asked.body["channel"], "ts": self.messages[-1]["ts"]}

    def history(self, asked: Asked) -> Reply:
        if not self.reads_history:
            return 200, {"ok": False, "error": "missing_scope", "needed": "channels:history"}
        return 200, {"ok": True, "messages": [one for one in self.messages if one["channel"] == asked.query["channel"]]}

    def lookup(self, asked: Asked) -> Reply:
        known = asked.query["email"] == "anna@example.org"
        return 200, {"ok": True, "user": {"id": "U01234567"}} if known else {"ok": False, "error": "users_not_found"}

    def info(self, asked: Asked) -> Reply:
        return 200, {
            "ok": True,
            "user": {"id": asked.query["user"], "is_email_confirmed": True, "profile": {"email": "anna@example.org"}},
        }

    def open(self, asked: Asked) -> Reply:
        return 200, {"ok": True, "channel": {"id": f"D{asked.body['users'][1:]}"}}

    def hook(self, asked: Asked) -> Reply:
        self.messages.append(asked.body)
        return 200, "ok"


class FakeTeams(Far):
    """A workflow's webhook."""

    routes: ClassVar[dict[str, str]] = {"POST /workflows/1/triggers/manual/paths/invoke": "invoke"}
    revoked = (
        401,
        {"error": {"code": "DirectApiAuthorizationRequired", "message": "The OAuth authorization scheme is required."}},
    )

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []

    def invoke(self, asked: Asked) -> Reply:
        assert asked.query == {"api-version": "2016-06-01", "sig": "secret"}
        self.messages.append(asked.body)
        return 202, None


class FakePagerDuty(Far):
    """Events API v2: an open alert for each deduplication key."""

    routes: ClassVar[dict[str, str]] = {"POST /v2/enqueue": "enqueue"}
    revoked = (
        400,
        {"status": "invalid event", "message": "Event object is invalid", "errors": ["Invalid routing key"]},
    )

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}

    def enqueue(self, asked: Asked) -> Reply:
        body = asked.body
        if body["event_action"] == "resolve":
            self.messages.pop(body["dedup_key"], None)
        else:
            self.messages[body["dedup_key"]] = body
        return 202, {"status": "success", "message": "Event processed", "dedup_key": body["dedup_key"]}


class FakeOpsgenie(Far):
    """Alert API: an open alert for each alias."""

    routes: ClassVar[dict[str, str]] = {
        "POST /v2/alerts": "create",
        "GET /v2/alerts/count": "count",
        "POST /v2/alerts/([^/]+)/close": "close",
    }
    revoked = (401, {"message": "API Key is not valid", "took": 0.0, "requestId": "1"})

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}

    def is_authorised(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"GenieKey {self.token}"

    def create(self, asked: Asked) -> Reply:
        self.messages[asked.body["alias"]] = asked.body
        return 202, {"result": "Request will be processed", "took": 0.1, "requestId": "r1"}

    def count(self, asked: Asked) -> Reply:
        return 200, {"data": {"count": 0}}

    def close(self, asked: Asked, alias: str) -> Reply:
        if self.messages.pop(alias, None) is None:
            return 404, {"message": "Alert with alias does not exist"}
        return 202, {"result": "Request will be processed", "requestId": "r2"}
