"""Servers on the loopback that answer as forges do, as far as a gate talks to them: written from their published API descriptions."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PATCH = """diff --git a/shop/admin.py b/shop/admin.py
--- a/shop/admin.py
+++ b/shop/admin.py
@@ -6,0 +7,2 @@
+    eval(text)
+    return text
"""
TOKEN = "token-of-a-pipeline"
COMMIT = "b" * 40
Reply = tuple[int, Any]


class Fake:
    """A forge with one pull request, number 7 of `acme/shop`; what is asked of it is in `asked`."""

    authorization = ("Authorization", f"Bearer {TOKEN}")
    root = ""
    """Path of the API below the server's address."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.refused: list[Reply] = []
        """Answers to give before the right ones."""
        self.comments: dict[int, dict[str, Any]] = {}
        self.statuses: list[dict[str, Any]] = []
        self._numbers = iter(range(100, 10_000))
        self.url = ""

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        raise NotImplementedError

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Reply:
        self.asked.append((method, path))
        if self.refused:
            return self.refused.pop(0)
        for verb, pattern, act in self.routes():
            found = re.fullmatch(self.root + pattern, path)
            if verb == method and found:
                return act(*found.groups(), query=query, body=body)
        return 404, {"message": f"there is no {method} {path}"}

    def number(self) -> int:
        return next(self._numbers)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """What was asked that changes something."""
        return [one for one in self.asked if one[0] != "GET"]

    def texts(self) -> list[str]:
        return [one["body"] for one in self.comments.values()]


def _page(rows: list[Any], query: dict[str, list[str]], size: str) -> list[Any]:
    page, most = int(query.get("page", ["1"])[0]), int(query.get(size, ["20"])[0])
    return rows[(page - 1) * most : page * most]


class GitHubFake(Fake):
    """Issue comments, check runs, statuses."""

    def __init__(self) -> None:
        super().__init__()
        self.checks: list[dict[str, Any]] = []
        self.apps_only = False
        """Whether the token is a person's, which may make no check run."""
        self.foreign: set[int] = set()

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        repository = "/repos/acme/shop"
        return [
            ("GET", f"{repository}/pulls/7", lambda **_: (200, PATCH)),
            ("GET", f"{repository}/issues/7/comments", lambda query, **_: (200, _page(list(self.comments.values()), query, "per_page"))),
            ("POST", f"{repository}/issues/7/comments", self._comment),
            ("PATCH", rf"{repository}/issues/comments/(\d+)", self._edit),
            ("GET", f"{repository}/commits/{COMMIT}/check-runs", lambda **_: (200, {"total_count": len(self.checks), "check_runs": self.checks})),
            ("POST", f"{repository}/check-runs", self._check),
            ("POST", f"{repository}/statuses/{COMMIT}", lambda body, **_: (self.statuses.append(body), (201, body))[1]),
        ]  # fmt: skip

    def _comment(self, *, body: Any, **_: Any) -> Reply:
        number = self.number()
        self.comments[number] = {"id": number, "body": body["body"]}
        return 201, self.comments[number]

    def _edit(self, number: str, *, body: Any, **_: Any) -> Reply:
        if int(number) in self.foreign:
            return 403, {"message": "Resource not accessible by integration"}
        self.comments[int(number)]["body"] = body["body"]
        return 200, self.comments[int(number)]

    def _check(self, *, body: Any, **_: Any) -> Reply:
        if self.apps_only:
            return 403, {"message": "You must authenticate via a GitHub App."}
        assert body["status"] == "completed"
        assert len(body["output"]["annotations"]) <= 50
        assert len(body["output"]["summary"]) <= 65_535
        self.checks.append({**body, "id": self.number()})
        return 201, self.checks[-1]


class GitLabFake(Fake):
    """Notes, discussions, statuses."""

    authorization = ("PRIVATE-TOKEN", TOKEN)
    root = "/api/v4"

    def __init__(self) -> None:
        super().__init__()
        self.discussions: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        request = "/projects/42/merge_requests/7"
        return [
            ("GET", f"{request}/raw_diffs", lambda **_: (200, PATCH)),
            ("GET", request, lambda **_: (200, {"iid": 7, "diff_refs": {"base_sha": "1" * 40, "start_sha": "2" * 40, "head_sha": COMMIT}})),
            ("GET", f"{request}/notes", lambda query, **_: (200, _page([*self.comments.values()], query, "per_page"))),
            ("POST", f"{request}/notes", self._note),
            ("PUT", rf"{request}/notes/(\d+)", self._edit),
            ("GET", f"{request}/discussions", lambda query, **_: (200, _page([*self.discussions.values()], query, "per_page"))),
            ("POST", f"{request}/discussions", self._discuss),
            ("PUT", rf"{request}/discussions/(\w+)", self._resolve),
            ("POST", f"/projects/42/statuses/{COMMIT}", self._status),
        ]  # fmt: skip

    def _note(self, *, body: Any, **_: Any) -> Reply:
        number = self.number()
        self.comments[number] = {"id": number, "body": body["body"], "system": False}
        return 201, self.comments[number]

    def _edit(self, number: str, *, body: Any, **_: Any) -> Reply:
        self.comments[int(number)]["body"] = body["body"]
        return 200, self.comments[int(number)]

    def _discuss(self, *, body: Any, **_: Any) -> Reply:
        position = body["position"]
        wanted = {"base_sha", "start_sha", "head_sha", "position_type", "new_path", "old_path", "new_line"}
        if set(position) != wanted or position["head_sha"] != COMMIT:
            return 400, {"message": "400 (Bad request) position is invalid"}
        name = f"d{self.number()}"
        note = {"id": self.number(), "body": body["body"], "resolvable": True, "resolved": False, "position": position}
        self.discussions[name] = {"id": name, "notes": [note]}
        return 201, self.discussions[name]

    def _resolve(self, name: str, *, body: Any, **_: Any) -> Reply:
        self.discussions[name]["notes"][0]["resolved"] = body["resolved"]
        return 200, self.discussions[name]

    def _status(self, *, body: Any, **_: Any) -> Reply:
        if self.statuses and self.statuses[-1]["state"] == body["state"]:
            return 400, {"message": "Cannot transition status via :enqueue from :success"}
        self.statuses.append(body)
        return 201, body


class BitbucketFake(Fake):
    """Comments, Code Insights."""

    root = "/2.0"

    def __init__(self) -> None:
        super().__init__()
        self.reports: dict[str, dict[str, Any]] = {}

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        repository = "/repositories/acme/shop"
        report = rf"{repository}/commit/{COMMIT}/reports/([\w-]+)"
        return [
            ("GET", f"{repository}/pullrequests/7/comments", self._list),
            ("POST", f"{repository}/pullrequests/7/comments", self._comment),
            ("PUT", rf"{repository}/pullrequests/7/comments/(\d+)", self._edit),
            ("GET", report, lambda name, **_: (200, self.reports[name]) if name in self.reports else (404, None)),
            ("PUT", report, self._put),
            ("DELETE", report, lambda name, **_: (204 if self.reports.pop(name, None) else 404, None)),
            ("POST", f"{report}/annotations", self._annotate),
        ]  # fmt: skip

    def _list(self, *, query: Any, **_: Any) -> Reply:
        rows = [
            {"id": number, "content": {"raw": one["body"]}, "deleted": False} for number, one in self.comments.items()
        ]
        return 200, {"values": _page(rows, query, "pagelen"), "pagelen": 100}

    def _comment(self, *, body: Any, **_: Any) -> Reply:
        number = self.number()
        self.comments[number] = {"body": body["content"]["raw"]}
        return 201, {"id": number}

    def _edit(self, number: str, *, body: Any, **_: Any) -> Reply:
        self.comments[int(number)]["body"] = body["content"]["raw"]
        return 200, {"id": int(number)}

    def _put(self, name: str, *, body: Any, **_: Any) -> Reply:
        assert body["report_type"] in {"SECURITY", "COVERAGE", "TEST", "BUG"}
        assert body["result"] in {"PASSED", "FAILED", "PENDING"}
        assert len(body["details"]) <= 2000
        assert len(body["data"]) <= 10
        self.reports[name] = {**body, "annotations": []}
        return 200, body

    def _annotate(self, name: str, *, body: Any, **_: Any) -> Reply:
        assert 0 < len(body) <= 100
        for one in body:
            assert one["annotation_type"] in {"VULNERABILITY", "CODE_SMELL", "BUG"}
            assert one["severity"] in {"CRITICAL", "HIGH", "MEDIUM", "LOW"}
            assert one["result"] in {"PASSED", "FAILED", "IGNORED", "SKIPPED"}
            assert len(one["summary"]) <= 450
        self.reports[name]["annotations"] += body
        return 200, body


class AzureFake(Fake):
    """Threads, statuses."""

    authorization = ("Authorization", "Basic OnRva2VuLW9mLWEtcGlwZWxpbmU=")

    def __init__(self) -> None:
        super().__init__()
        self.threads: dict[int, dict[str, Any]] = {}

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        request = "/Retail/_apis/git/repositories/shop-id/pullRequests/7"
        return [
            ("GET", f"{request}/threads", self._list),
            ("POST", f"{request}/threads", self._begin),
            ("PATCH", rf"{request}/threads/(\d+)", self._move),
            ("PATCH", rf"{request}/threads/(\d+)/comments/(\d+)", self._edit),
            ("POST", f"{request}/statuses", self._status),
        ]  # fmt: skip

    def _list(self, *, query: Any, **_: Any) -> Reply:
        assert query["api-version"] == ["7.1"]
        return 200, {"value": [*self.threads.values()], "count": len(self.threads)}

    def _begin(self, *, body: Any, **_: Any) -> Reply:
        number = self.number()
        comments = [{"id": at, "content": one["content"]} for at, one in enumerate(body["comments"], start=1)]
        self.threads[number] = {
            "id": number, "comments": comments, "status": {1: "active", 2: "fixed"}[body["status"]], "threadContext": body.get("threadContext"),
        }  # fmt: skip
        return 200, self.threads[number]

    def _move(self, number: str, *, body: Any, **_: Any) -> Reply:
        self.threads[int(number)]["status"] = {1: "active", 2: "fixed"}[body["status"]]
        return 200, self.threads[int(number)]

    def _edit(self, number: str, comment: str, *, body: Any, **_: Any) -> Reply:
        self.threads[int(number)]["comments"][int(comment) - 1]["content"] = body["content"]
        return 200, {}

    def _status(self, *, body: Any, **_: Any) -> Reply:
        assert body["state"] in {"notSet", "pending", "succeeded", "failed", "error", "notApplicable"}
        assert body["context"]["name"]
        self.statuses.append(body)
        return 200, body

    def texts(self) -> list[str]:
        return [one["comments"][0]["content"] for one in self.threads.values() if not one["threadContext"]]


class GiteaFake(Fake):
    """Issue comments, reviews, statuses."""

    authorization = ("Authorization", f"token {TOKEN}")
    root = "/api/v1"

    def __init__(self) -> None:
        super().__init__()
        self.reviews: dict[int, dict[str, Any]] = {}

    def routes(self) -> list[tuple[str, str, Callable[..., Reply]]]:
        repository = "/repos/acme/shop"
        return [
            ("GET", rf"{repository}/pulls/7\.diff", lambda **_: (200, PATCH)),
            ("GET", f"{repository}/issues/7/comments", lambda **_: (200, [*self.comments.values()])),
            ("POST", f"{repository}/issues/7/comments", self._comment),
            ("PATCH", rf"{repository}/issues/comments/(\d+)", self._edit),
            ("GET", f"{repository}/pulls/7/reviews", lambda query, **_: (200, _page([*self.reviews.values()], query, "limit"))),
            ("POST", f"{repository}/pulls/7/reviews", self._review),
            ("DELETE", rf"{repository}/pulls/7/reviews/(\d+)", lambda number, **_: (204 if self.reviews.pop(int(number), None) else 404, None)),
            ("POST", f"{repository}/statuses/{COMMIT}", lambda body, **_: (self.statuses.append(body), (201, body))[1]),
        ]  # fmt: skip

    def _comment(self, *, body: Any, **_: Any) -> Reply:
        number = self.number()
        self.comments[number] = {"id": number, "body": body["body"]}
        return 201, self.comments[number]

    def _edit(self, number: str, *, body: Any, **_: Any) -> Reply:
        self.comments[int(number)]["body"] = body["body"]
        return 200, self.comments[int(number)]

    def _review(self, *, body: Any, **_: Any) -> Reply:
        assert set(body) <= {"body", "comments", "commit_id", "event"}
        assert all(set(one) == {"path", "body", "new_position", "old_position"} for one in body["comments"])
        number = self.number()
        self.reviews[number] = {"id": number, **body}
        return 200, self.reviews[number]


class _Handler(BaseHTTPRequestHandler):
    fake: Fake

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        name, value = self.fake.authorization
        parts = urlsplit(self.path)
        if self.headers.get(name) != value:
            status, content = 401, {"message": "Bad credentials"}
        else:
            status, content = self.fake.answer(
                self.command, unquote(parts.path), parse_qs(parts.query), json.loads(sent) if sent else None
            )
        body = (
            content.encode() if isinstance(content, str) else b"" if content is None else json.dumps(content).encode()
        )
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "7")
        if 300 <= status < 400:
            self.send_header("Location", "http://elsewhere.example/")
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the base class's names

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Serve a forge on the loopback."""
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
