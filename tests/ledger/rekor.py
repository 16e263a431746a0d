"""A Rekor log on loopback, honest as long as nothing else is asked of it: its tree is RFC 9162's definition as it stands, its keys are real."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from tests.support.loopback import Loopback

ENTRIES: Final = "/api/v1/log/entries"
HOST: Final = "rekor.tests.example"
TREE: Final = 1193050959916656506
EARLIER: Final = 4_163_431
"""Entries of the log's earlier trees: an entry's place in the log is not that in its tree."""
Change = Callable[[dict[str, Any]], object]


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    at = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:at]) + root(leaves[at:])).digest()


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    at = split(len(leaves))
    if index < at:
        return [*path(index, leaves[:at]), root(leaves[at:])]
    return [*path(index - at, leaves[at:]), root(leaves[:at])]


def split(size: int) -> int:
    at = 1
    while at * 2 < size:
        at *= 2
    return at


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def sorted_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Rekor:
    """`change` may alter an answer before it is sent; `fail` names what goes wrong with the next requests, one after the other."""

    def __init__(self, others: int = 5) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.bodies: list[bytes] = [sorted_json({"kind": "other", "number": at}) for at in range(others)]
        self.times = [1_700_000_000 + at for at in range(others)]
        self.asked: list[str] = []
        self.fail: list[str] = []
        self.change: Change = lambda _: None
        self.location: Callable[[str], str] = lambda name: f"{ENTRIES}/{name}"
        rekor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                rekor.answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def do_GET(self) -> None:
                rekor.answer(self, None)

        self.server = Loopback(Handler)
        self.url = self.server.url

    def close(self) -> None:
        self.server.close()

    @property
    def der(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, raw: bytes) -> bytes:
        return self.key.sign(raw, ec.ECDSA(hashes.SHA256()))

    def entry(self, index: int) -> dict[str, Any]:
        """Return an entry as `LogEntry` of Rekor's OpenAPI description has it."""
        leaves = [sha256(b"\x00" + one).digest() for one in self.bodies]
        top = root(leaves)
        text = f"{HOST} - {TREE}\n{len(leaves)}\n{b64(top)}\n"
        signed = f"{text}\n\N{EM DASH} {HOST} {b64(sha256(self.der).digest()[:4] + self.sign(text.encode()))}\n"
        said = {
            "body": b64(self.bodies[index]), "integratedTime": self.times[index], "logID": sha256(self.der).hexdigest(),
            "logIndex": EARLIER + index,
        }  # fmt: skip
        proof = {
            "checkpoint": signed, "hashes": [one.hex() for one in path(index, leaves)], "logIndex": index, "rootHash": top.hex(),
            "treeSize": len(leaves),
        }  # fmt: skip
        verification = {"inclusionProof": proof, "signedEntryTimestamp": b64(self.sign(sorted_json(said)))}
        return {f"{TREE:016x}{leaves[index].hex()}": {**said, "verification": verification}}

    def answer(self, door: BaseHTTPRequestHandler, proposed: Any) -> None:
        self.asked.append(f"{door.command} {door.path}")
        wrong = self.fail.pop(0) if self.fail else ""
        if wrong == "silent":
            time.sleep(3)
            return
        if wrong == "500":
            self.say(door, 500, {"code": 500, "message": "error communicating with trillian"})
        elif wrong == "lost":
            self.enter(proposed)
            door.close_connection = True
        elif wrong == "huge":
            self.raw(door, 201, b'{"' + b"x" * 21_000_000)
        elif wrong == "large":
            self.raw(door, 201, b'{"' + b"x" * 1_100_000 + b'":1}')
        elif wrong == "cut":
            self.raw(door, 201, json.dumps(self.entry(self.enter(proposed))).encode()[:-40])
        elif wrong == "redirect":
            self.raw(door, 307, b"", {"Location": "http://169.254.169.254/"})
        elif door.command == "GET":
            self.given(door)
        else:
            self.taken(door, proposed)

    def given(self, door: BaseHTTPRequestHandler) -> None:
        name = door.path.rpartition("/")[2]
        found = [one for at in range(len(self.bodies)) if name in (one := self.entry(at))]
        if not found:
            self.say(door, 404, {"code": 404, "message": "not found"})
            return
        self.change(found[0])
        self.say(door, 200, found[0])

    def taken(self, door: BaseHTTPRequestHandler, proposed: Any) -> None:
        try:
            body = self.canonical(proposed)
        except (KeyError, ValueError, InvalidSignature) as error:
            self.say(door, 400, {"code": 400, "message": f"error processing entry: {error!r}"})
            return
        if body in self.bodies:
            (name,) = self.entry(self.bodies.index(body))
            self.say(
                door,
                409,
                {"code": 409, "message": "an equivalent entry already exists"},
                {"Location": self.location(name)},
            )
            return
        made = self.entry(self.enter(proposed))
        (name,) = made
        self.change(made)
        self.say(door, 201, made, {"Location": f"{ENTRIES}/{name}", "ETag": name})

    def enter(self, proposed: Any) -> int:
        body = self.canonical(proposed)
        if body not in self.bodies:
            self.bodies.append(body)
            self.times.append(int(time.time()))
        return self.bodies.index(body)

    def canonical(self, proposed: Any) -> bytes:
        """Check a `rekord` as Rekor does, and return what it keeps of it. Raises as the checks do."""
        if (proposed["kind"], proposed["apiVersion"]) != ("rekord", "0.0.1") or len(proposed) != 3:
            raise ValueError("the kind is not known")
        data, signature = proposed["spec"]["data"], proposed["spec"]["signature"]
        if list(data) != ["content"] or signature["format"] != "x509":
            raise ValueError("content or hash, and x509")
        content = base64.b64decode(data["content"], validate=True)
        key = load_pem_public_key(base64.b64decode(signature["publicKey"]["content"], validate=True))
        key.verify(base64.b64decode(signature["content"], validate=True), content)  # type: ignore[union-attr,call-arg]
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        kept = {"content": signature["content"], "format": "x509", "publicKey": {"content": b64(pem)}}
        told = {"hash": {"algorithm": "sha256", "value": sha256(content).hexdigest()}}
        return sorted_json({"apiVersion": "0.0.1", "kind": "rekord", "spec": {"data": told, "signature": kept}})

    def say(
        self, door: BaseHTTPRequestHandler, status: int, body: object, headers: dict[str, str] | None = None
    ) -> None:
        self.raw(door, status, json.dumps(body).encode(), headers)

    def raw(
        self, door: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        door.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            door.send_header(name, value)
        door.end_headers()
        door.wfile.write(body)
