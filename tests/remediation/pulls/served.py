"""A forge on this machine: a bare repository behind git's own HTTP backend, and an API that answers as GitHub's does."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import Loopback

TOKEN = "token-of-the-tests"
NAME = "harbour/shop"


class Asked(NamedTuple):
    """A request to the API."""

    method: str
    path: str
    params: dict[str, str]
    body: Any


class Forge:
    """What is there, and what was asked."""

    def __init__(self, folder: Path) -> None:
        self.bare = folder / "harbour/shop.git"
        self.pulls: list[dict[str, Any]] = []
        self.comments: dict[int, list[str]] = {}
        self.asked: list[Asked] = []
        self.pushes = 0
        self.base = ""
        self.checks: list[dict[str, Any]] = [{"status": "completed", "conclusion": "success"}]
        self.reviews: list[dict[str, Any]] = []
        self.mergeable: bool | None = True
        self.lose: Callable[[Asked], bool] = lambda _: False
        """Whether the answer to a request is lost after it was carried out."""

    @property
    def api(self) -> str:
        return f"{self.base}/api"

    @property
    def remote(self) -> str:
        return f"{self.base}/git/{NAME}.git"

    def git(self, *words: str, at: Path | None = None, given: bytes = b"") -> str:
        """Run git in the bare repository, or elsewhere."""
        done = subprocess.run(
            ["git", "-C", str(at or self.bare), "-c", "user.name=Ada", "-c", "user.email=ada@harbour.example", *words],
            input=given, capture_output=True, check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"},
        )  # fmt: skip
        return done.stdout.decode().strip()

    def branches(self) -> dict[str, str]:
        told = self.git("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        return dict(line.split(" ") for line in told.splitlines())  # type: ignore[misc]

    def show(self, branch: str, path: str) -> str:
        return self.git("show", f"{branch}:{path}")

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Answer as GitHub does."""
        home = f"/repos/{NAME}"
        if not asked.path.startswith(home):
            return 404, {"message": "Not Found"}
        rest = asked.path.removeprefix(home)
        for pattern, act in ROUTES.items():
            method, _, path = pattern.partition(" ")
            found = re.fullmatch(path, rest)
            if found and method == asked.method:
                return act(self, asked, *found.groups())
        return 404, {"message": f"no route {asked.method} {rest}"}

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        head = self.branches().get(pull["branch"], pull["head"])
        pull["head"] = head
        return {
            "number": pull["number"], "html_url": f"{self.base}/{NAME}/pull/{pull['number']}", "title": pull["title"], "body": pull["body"],
            "state": pull["state"], "merged_at": pull["merged_at"], "mergeable": self.mergeable,
            "head": {"ref": pull["branch"], "sha": head, "repo": {"full_name": NAME}}, "base": {"ref": pull["base"]},
        }  # fmt: skip

    def of(self, number: str) -> dict[str, Any]:
        return self.pulls[int(number) - 1]


def _list(forge: Forge, asked: Asked) -> tuple[int, Any]:
    branch, state = asked.params.get("head", "").partition(":")[2], asked.params.get("state", "open")
    found = [one for one in forge.pulls if (not branch or one["branch"] == branch) and state in {"all", one["state"]}]
    return 200, [] if asked.params.get("page", "1") != "1" else [forge.shown(one) for one in reversed(found)]


def _open(forge: Forge, asked: Asked) -> tuple[int, Any]:
    body = asked.body
    if body["head"] not in forge.branches():
        return 422, {"message": "Validation Failed: head is invalid"}
    if any(one["branch"] == body["head"] and one["state"] == "open" for one in forge.pulls):
        return 422, {"message": "A pull request already exists"}
    forge.pulls.append({
        "number": len(forge.pulls) + 1, "title": body["title"], "body": body["body"], "branch": body["head"], "base": body["base"],
        "state": "open", "merged_at": None, "head": forge.branches()[body["head"]], "labels": [], "reviewers": [],
    })  # fmt: skip
    return 201, forge.shown(forge.pulls[-1])


def _change(forge: Forge, asked: Asked, number: str) -> tuple[int, Any]:
    forge.of(number).update(asked.body)
    return 200, forge.shown(forge.of(number))


def _comment(forge: Forge, asked: Asked, number: str) -> tuple[int, Any]:
    forge.comments.setdefault(int(number), []).append(asked.body["body"])
    return 201, {"id": 1}


def _merge(forge: Forge, asked: Asked, number: str) -> tuple[int, Any]:
    pull = forge.of(number)
    if forge.branches().get(pull["branch"]) != asked.body["sha"]:
        return 409, {"message": "Head branch was modified"}
    forge.git("update-ref", f"refs/heads/{pull['base']}", asked.body["sha"])
    pull.update(state="closed", merged_at="2026-05-02T00:00:00Z")
    return 200, {"merged": True}


def _label(forge: Forge, asked: Asked, number: str) -> tuple[int, Any]:
    forge.of(number)["labels"] += asked.body["labels"]
    return 200, []


def _review(forge: Forge, asked: Asked, number: str) -> tuple[int, Any]:
    forge.of(number)["reviewers"] += [*asked.body.get("reviewers", []), *asked.body.get("team_reviewers", [])]
    return 201, {}


def _comments(forge: Forge, asked: Asked, number: str) -> tuple[int, Any]:
    told = forge.comments.get(int(number), []) if asked.params.get("page") == "1" else []
    return 200, [{"id": at, "body": body} for at, body in enumerate(told)]


def _reviews(forge: Forge, asked: Asked, _number: str) -> tuple[int, Any]:
    return 200, forge.reviews if asked.params.get("page") == "1" else []


ROUTES: Mapping[str, Callable[..., tuple[int, Any]]] = {
    "GET ": lambda *_: (200, {"default_branch": "main"}),
    "GET /pulls": _list,
    "POST /pulls": _open,
    r"GET /pulls/(\d+)": lambda forge, _, number: (200, forge.shown(forge.of(number))),
    r"PATCH /pulls/(\d+)": _change,
    r"PUT /pulls/(\d+)/merge": _merge,
    r"GET /pulls/(\d+)/reviews": _reviews,
    r"POST /pulls/(\d+)/requested_reviewers": _review,
    r"POST /issues/(\d+)/labels": _label,
    r"POST /issues/(\d+)/comments": _comment,
    r"GET /issues/(\d+)/comments": _comments,
    r"GET /commits/([0-9a-f]+)/check-runs": lambda forge, *_: (200, {"check_runs": forge.checks}),
    r"GET /commits/([0-9a-f]+)/status": lambda *_: (200, {"statuses": []}),
}


def make_repository(forge: Forge, files: Mapping[str, str], work: Path) -> None:
    """Make the bare repository, with a first commit on `main`."""
    forge.bare.mkdir(parents=True)
    forge.git("init", "--bare", "--quiet", "--initial-branch=main")
    forge.git("config", "http.receivepack", "true")
    work.mkdir()
    forge.git("init", "--quiet", "--initial-branch=main", at=work)
    forge.git("remote", "add", "origin", str(forge.bare), at=work)
    commit(forge, work, files)


def commit(forge: Forge, work: Path, files: Mapping[str, str], branch: str = "main") -> str:
    """Commit files on top of a branch, as somebody else does, and return the commit."""
    if branch in forge.branches():
        forge.git("fetch", "--quiet", "origin", branch, at=work)
        forge.git("checkout", "--quiet", "-B", branch, "FETCH_HEAD", at=work)
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(text.encode())
    forge.git("add", "--all", at=work)
    forge.git("commit", "--quiet", "--message", "Work", at=work)
    forge.git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", at=work)
    return forge.git("rev-parse", "HEAD", at=work)


@contextlib.contextmanager
def forge_at_home(folder: Path) -> Iterator[Forge]:
    """Serve a forge on loopback."""
    forge = Forge(folder)
    wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names of the standard library

        def _serve(self) -> None:
            content = self._content()
            if self.path.startswith("/git/"):
                self._git(content)
                return
            parts = urlsplit(self.path)
            params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            asked = Asked(
                self.command, parts.path.removeprefix("/api"), params, json.loads(content) if content else None
            )
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._say(401, b'{"message": "Bad credentials"}')
                return
            forge.asked.append(asked)
            status, body = forge.answer(asked)
            if forge.lose(asked):
                self.close_connection = True
                return
            self._say(status, json.dumps(body).encode())

        def _content(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            whole = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole

        def _git(self, content: bytes) -> None:
            if self.headers.get("Authorization") != wanted:
                self._say(401, b"", **{"WWW-Authenticate": "Basic"})
                return
            path, _, query = self.path.removeprefix("/git").partition("?")
            forge.pushes += path.endswith("git-receive-pack")
            environment = {
                **os.environ, "GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
                "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_USER": "seamark",
                "CONTENT_LENGTH": str(len(content)), "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }  # fmt: skip
            done = subprocess.run(
                ["git", "http-backend"], input=content, capture_output=True, env=environment, check=False
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            told = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            self._say(int(told.pop("Status", "200").split(" ")[0]), body, **told)

        def _say(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with Loopback(Handler) as server:
        forge.base = server.url
        yield forge
