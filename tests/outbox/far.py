"""A service on loopback that takes tickets and messages, honours keys, and fails as it is told; and the channel that speaks to it."""

from __future__ import annotations

import hmac
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from seamark.core.errors import Gone, NotAllowed, RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.contract import Act, Change, Done, Pressed, Role, Verb
from tests.support.loopback import Loopback


class FarSide:
    """Keeps what it was asked for. `fail` says for each request what goes wrong, empty for nothing."""

    def __init__(self, fail: Callable[[], str] = lambda: "") -> None:
        self.fail = fail
        self.lock = threading.Lock()
        self.tickets: dict[str, dict[str, Any]] = {}
        self.did: list[dict[str, Any]] = []
        """What took effect, in order."""
        self.asked = Counter[str]()
        """Requests by key, whatever came of them."""
        self.keys: dict[str, str] = {}
        self.deleted: set[str] = set()
        self.changes: list[dict[str, Any]] = []
        self.revoked = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.answer(self, body)

            def do_GET(self) -> None:
                if outer.revoked:
                    outer.say(self, 401)
                elif self.path.startswith("/changes"):
                    since = parse_qs(urlsplit(self.path).query)["since"][0]
                    outer.say(self, 200, [one for one in outer.changes if one["at"] >= since])
                else:
                    outer.say(self, 200, {"who": "seamark"})

        self.server = Loopback(Handler)
        self.url = self.server.url

    def close(self) -> None:
        self.server.close()

    def say(
        self, door: BaseHTTPRequestHandler, status: int, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        text = json.dumps(body).encode()
        door.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(text)),
            **(headers or {}),
        }.items():
            door.send_header(name, value)
        door.end_headers()
        door.wfile.write(text)

    def answer(self, door: BaseHTTPRequestHandler, act: dict[str, Any]) -> None:
        with self.lock:
            self.asked[act["key"]] += 1
            trouble = "401" if self.revoked else self.fail()
        if trouble in {"401", "429", "500", "400"}:
            self.say(door, int(trouble), {"message": trouble}, {"Retry-After": "7"} if trouble == "429" else None)
            return
        if trouble == "time-out before":
            time.sleep(0.25)
            door.close_connection = True
            return
        if act["reference"] in self.deleted:
            self.say(door, 410, {})
            return
        with self.lock:
            found = act["key"] in self.keys
            if not found:
                self._does(act)
        if trouble == "time-out after":
            time.sleep(0.25)
        if trouble in {"cut", "time-out after"}:
            door.close_connection = True
            return
        self.say(door, 200, {"reference": self.keys[act["key"]], "found": found})

    def _does(self, act: dict[str, Any]) -> None:
        verb = act["verb"]
        reference = act["reference"]
        if verb == "open":
            reference = f"FAR-{len(self.tickets) + 1}"
            self.tickets[reference] = {"status": "open", "comments": [], "ticket": act["ticket"]}
        elif verb == "send":
            reference = f"message-{len(self.did) + 1}"
        else:
            ticket = self.tickets[reference]
            ticket["status"] = {"close": "closed", "reopen": "open"}.get(verb, ticket["status"])
            if act["comment"]:
                ticket["comments"].append(act["comment"])
            if verb == "update":
                ticket["ticket"] = act["ticket"]
        self.keys[act["key"]] = reference
        self.did.append(act)

    def verbs(self) -> list[str]:
        """What took effect, by its name."""
        return [one["verb"] for one in self.did]

    def messages(self) -> list[dict[str, Any]]:
        return [one["message"] for one in self.did if one["verb"] == "send"]

    def change(self, reference: str, kind: str, value: str, at: str, email: str = "", **more: Any) -> None:
        """Somebody does something there."""
        self.changes.append(
            {"id": f"c{len(self.changes)}", "reference": reference, "at": at, "author": "u1", "author_email": email, "kind": kind, "value": value, **more}
        )  # fmt: skip


class Settings(Struct, frozen=True, kw_only=True):
    """What the channel of the tests is configured with."""

    url: str
    token: str = "secret-of-the-tests"


class FarChannel:
    """Speaks to `FarSide`."""

    settings = Settings
    secrets = frozenset({"token"})

    def __init__(self, name: str = "far", role: Role = Role.TICKET, timeout: float = 0.2) -> None:
        self.name, self.title, self.role, self.timeout = name, f"The {name} side", role, timeout

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        return Caller(
            settings.url, {"Authorization": f"Bearer {settings.token}"}, name=self.title, attempts=1, timeout=self.timeout, transport=transport
        )  # fmt: skip

    def check(self, settings: Settings, caller: Caller) -> str:
        return f"Logged in as {caller.call('GET', '/me').body['who']}"

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        answer = caller.call("POST", "/acts", msgspec.to_builtins(act), allow=(410,))
        if answer.status == 410:
            raise Gone(f"{act.reference} was deleted")
        reference = answer.body["reference"]
        return Done(reference=reference, url=f"{settings.url}/{reference}", found=answer.body["found"])

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        found = caller.call("GET", "/changes", params={"since": since}).body
        return [one for one in msgspec.convert(found, list[Change]) if one.reference in references]

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Any]:
        told = {name.lower(): value for name, value in headers.items()}
        seconds = told.get("x-far-time", "0")
        good = hmac.new(settings.token.encode(), seconds.encode() + body, sha256).hexdigest()
        if not hmac.compare_digest(good, told.get("x-far-signature", "")) or abs(now - float(seconds)) > 300:
            raise NotAllowed("The signature is wrong or old")
        found = json.loads(body)
        kind = Pressed if found["sort"] == "pressed" else Change
        return msgspec.convert(found["items"], list[kind])  # type: ignore[valid-type]


def flapping(seed: int, share: float) -> Callable[[], str]:
    """Return what fails at random: the same for the same seed."""
    dice = random.Random(seed)
    ways = ["429", "500", "cut", "cut", "500", "429", "500", "cut"]

    def fail() -> str:
        if dice.random() > share:
            return ""
        return dice.choice(["time-out before", "time-out after"]) if dice.random() < 0.01 else dice.choice(ways)

    return fail


__all__ = ["FarChannel", "FarSide", "RemoteFailure", "Verb", "flapping"]
