"""The client by itself: what it sends, what it repeats, and what it says when something is wrong."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from seamark.client import Client as Server
from seamark.core.errors import ImportRefused, RemoteFailure, UnknownFormat, UnreadableReport

QUEUED = {"id": 7, "state": "queued", "progress": 0, "error": None, "failure": None, "result": None}
DONE = {**QUEUED, "state": "done", "progress": 3, "result": {"findings": 3}}
Answer = httpx2.Response | Exception


class Scripted:
    """Stands for the network: gives the answers in order, the last one for ever, and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []
        self.bodies: list[bytes] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.bodies.append(request.read())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def server(self, url: str = "https://seamark.example") -> Server:
        return Server(url, "smk_token", transport=httpx2.MockTransport(self), sleep=self.slept.append)


def _json(body: Any, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=body, headers=headers)


def _problem(status: int, type: str, detail: str) -> httpx2.Response:
    return _json({"type": f"urn:seamark:problem:{type}", "title": "x", "status": status, "detail": detail}, status)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "semgrep.sarif"
    path.write_bytes(b'{"runs": []}')
    return path


def test_what_is_sent(report: Path) -> None:
    network = Scripted(_json(QUEUED, 202), _json({**QUEUED, "state": "running", "progress": 2}), _json(DONE))
    told: list[int] = []
    outcome = network.server().send(report, {"application": "shop", "complete": True, "ref": "main"}, told.append)
    assert outcome == {"findings": 3}
    assert told == [2, 3]
    sent, *asked = network.requests
    assert (sent.method, str(sent.url)) == ("POST", "https://seamark.example/api/v1/imports")
    assert {str(one.url) for one in asked} == {"https://seamark.example/api/v1/imports/7"}
    assert {one.headers["Authorization"] for one in network.requests} == {"Bearer smk_token"}
    body = network.bodies[0]
    assert b'name="report"; filename="semgrep.sarif"' in body
    assert b'{"runs": []}' in body
    assert b'name="complete"\r\n\r\ntrue\r\n' in body
    assert network.slept == [0.2, 0.5]


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("https://seamark.example/", "https://seamark.example/api/v1/imports"),
        ("https://tools.example/security/seamark", "https://tools.example/security/seamark/api/v1/imports"),
        ("https://tools.example/security/seamark/api/v1/", "https://tools.example/security/seamark/api/v1/imports"),
        (" http://127.0.0.1:8000\n", "http://127.0.0.1:8000/api/v1/imports"),
        ("http://[::1]:8000", "http://[::1]:8000/api/v1/imports"),
    ],
)
def test_an_address_may_have_a_path(report: Path, url: str, reached: str) -> None:
    network = Scripted(_json(DONE, 202))
    network.server(url).send(report, {"application": "shop"})
    assert str(network.requests[0].url) == reached


@pytest.mark.parametrize(
    "url",
    [
        "seamark.example",
        "ftp://seamark.example",
        "",
        "https://",
        "http://[::1",
        "file:///etc/passwd",
        "https://a:99999999",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(RemoteFailure, match="SEAMARK_URL"):
        Server(url, "smk_token")


@pytest.mark.parametrize("token", ["smk\ntoken", "smk_tökén", "two words"])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(RemoteFailure, match="SEAMARK_TOKEN"):
        Server("https://seamark.example", token)


@pytest.mark.parametrize(
    "trouble",
    [httpx2.ConnectError("Connection refused"), httpx2.ReadTimeout("timed out"), httpx2.RemoteProtocolError("Server disconnected"), httpx2.WriteError("Broken pipe"), _problem(503, "store", "busy"), httpx2.Response(429), httpx2.Response(502, text="<html>"), httpx2.Response(504)],
)  # fmt: skip
def test_what_passes_is_tried_again_under_the_same_key(report: Path, trouble: Answer) -> None:
    network = Scripted(trouble, trouble, _json(QUEUED, 202), trouble, _json(DONE))
    assert network.server().send(report, {"application": "shop"}) == {"findings": 3}
    posts = [one for one in network.requests if one.method == "POST"]
    assert len(posts) == 3
    assert len({one.headers["Idempotency-Key"] for one in posts}) == 1
    # The file is sent whole each time.
    assert all(
        b'{"runs": []}' in body
        for body, one in zip(network.bodies, network.requests, strict=True)
        if one.method == "POST"
    )


def test_each_report_has_a_key_of_its_own(report: Path) -> None:
    network = Scripted(_json(DONE, 202))
    server = network.server()
    for _ in range(2):
        server.send(report, {"application": "shop"})
    assert len({one.headers["Idempotency-Key"] for one in network.requests}) == 2


def test_trying_again_has_an_end(report: Path) -> None:
    network = Scripted(httpx2.ConnectError("Connection refused"))
    with pytest.raises(RemoteFailure, match=r"seamark\.example does not answer \(Connection refused\)") as caught:
        network.server().send(report, {"application": "shop"})
    assert not caught.value.permanent
    assert len(network.requests) == 5
    assert network.slept == sorted(network.slept)
    assert sum(network.slept) < 10


def test_a_server_that_stays_busy_is_quoted(report: Path) -> None:
    network = Scripted(_problem(503, "store", "The database is busy"))
    with pytest.raises(RemoteFailure, match="503: The database is busy") as caught:
        network.server().send(report, {"application": "shop"})
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("named", "least", "most"),
    [("7", 5.6, 8.4), ("86400", 48, 72), ("soon", 0.4, 0.6), ("²", 0.4, 0.6), ("-5", 0.4, 0.6)],
)
def test_a_pause_that_the_server_names_is_kept_within_reason(
    report: Path, named: str, least: float, most: float
) -> None:
    busy = httpx2.Response(503, headers=[(b"Retry-After", named.encode())])
    network = Scripted(busy, _json(DONE, 202))
    network.server().send(report, {"application": "shop"})
    assert least <= network.slept[0] <= most


@pytest.mark.parametrize(
    ("answer", "failure", "words"),
    [
        (_problem(401, "", "x"), RemoteFailure, "wrong, expired or revoked"),
        (_problem(403, "", "This needs a token with the scope import"), RemoteFailure, "scope import"),
        (httpx2.Response(403, text="Forbidden by proxy"), RemoteFailure, "may not import"),
        (_problem(413, "too-large", "The report is larger than 2,048 MB"), RemoteFailure, "2,048 MB"),
        (httpx2.Response(413, text="Request Entity Too Large"), RemoteFailure, "larger than the server"),
        (_problem(422, "unreadable-report", "The file is empty"), UnreadableReport, "empty"),
        (_problem(422, "unknown-format", "No parser"), UnknownFormat, "No parser"),
        (_problem(422, "refused", "There is no format called 'x'"), ImportRefused, "no format"),
        (_problem(422, "invalid-request", "form.ref: too long"), ImportRefused, "form.ref"),
        (httpx2.Response(404, text="<html>"), RemoteFailure, "is SEAMARK_URL a Seamark server"),
        (httpx2.Response(200, text="<html>Log in</html>"), RemoteFailure, "is SEAMARK_URL a Seamark server"),
        (_json({"hello": "world"}), RemoteFailure, "is SEAMARK_URL a Seamark server"),
        (_json([1]), RemoteFailure, "is SEAMARK_URL a Seamark server"),
        (httpx2.Response(302, headers={"Location": "https://login.example/"}), RemoteFailure, "login.example"),
        (_problem(500, "", "Something went wrong"), RemoteFailure, "500: Something went wrong"),
        (_json({**QUEUED, "state": "failed", "failure": "unknown-format", "error": "Nobody knows it"}), UnknownFormat, "Nobody knows it"),
        (_json({**QUEUED, "state": "failed", "failure": "unreadable-report", "error": "Cut off"}), UnreadableReport, "Cut off"),
        (_json({**QUEUED, "state": "failed", "failure": "refused", "error": "No such"}), ImportRefused, "No such"),
        (_json({**QUEUED, "state": "failed", "failure": "store", "error": "Disk full"}), RemoteFailure, "Disk full"),
    ],
)  # fmt: skip
def test_refusals_are_sentences_and_not_repeated(
    report: Path, answer: httpx2.Response, failure: type[Exception], words: str
) -> None:
    network = Scripted(answer)
    with pytest.raises(failure, match=words) as caught:
        network.server().send(report, {"application": "shop"})
    assert type(caught.value) is failure
    assert len(network.requests) == 1
    assert network.slept == []


def test_an_untrusted_certificate_is_never_tried_again(report: Path) -> None:
    error = httpx2.ConnectError("certificate verify failed: self-signed certificate")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    network = Scripted(error)
    with pytest.raises(RemoteFailure, match="SSL_CERT_FILE") as caught:
        network.server().send(report, {"application": "shop"})
    assert caught.value.permanent
    assert len(network.requests) == 1


def test_files_that_cannot_be_read_reach_no_server(tmp_path: Path) -> None:
    network = Scripted(_json(DONE, 202))
    for path, words in ((tmp_path / "none.json", "no such file"), (tmp_path, "cannot be read")):
        with pytest.raises(UnreadableReport, match=words):
            network.server().send(path, {"application": "shop"})
    assert network.requests == []


def test_a_large_report_is_sent_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    pieces: list[int] = []

    class Network(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            assert int(request.headers["Content-Length"]) > 50_000_000
            pieces.extend(len(piece) for piece in request.stream)
            return httpx2.Response(202, json=DONE)

    with Server("https://seamark.example", "smk_token", transport=Network()) as server:
        server.send(path, {"application": "shop"})
    assert sum(pieces) > 50_000_000
    assert max(pieces) <= 1_000_000


def test_patience_has_an_end(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 100_000, 1000))
    monkeypatch.setattr("seamark.client.client.time.monotonic", lambda: next(clock))
    network = Scripted(_json(QUEUED, 202))
    with pytest.raises(RemoteFailure, match="within an hour"):
        network.server().send(report, {"application": "shop"})
    assert len(network.requests) < 10


def test_certificates_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    real: Callable[..., None] = httpx2.Client.__init__

    def spy(self: httpx2.Client, **settings: Any) -> None:
        seen.update(settings)
        real(self, **settings)

    monkeypatch.setattr(httpx2.Client, "__init__", spy)
    Server("https://seamark.example", "smk_token").close()
    assert seen.get("verify", True) is True
    assert not seen.get("follow_redirects", False)
