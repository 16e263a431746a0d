"""A checkpoint in a Rekor log: entered, checked without the log, kept, exported; and everything that a log can get wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from seamark.core.errors import RemoteFailure, SeamarkError
from seamark.governance.ledger import anchoring, checkpoints
from seamark.governance.ledger.anchored import NOBODY, Kept, Trusted, check, placed
from seamark.governance.ledger.anchoring import anchor_in_log
from seamark.governance.ledger.anchors import NotAnchored
from seamark.governance.ledger.checkpoint import Head, sign_head
from seamark.governance.ledger.exporting import export
from seamark.governance.ledger.folder import verify_export
from seamark.governance.ledger.live import verify_beside, verify_database
from seamark.governance.ledger.note import InvalidNote, Verifier, new_signer, read_signer
from seamark.governance.ledger.record import record
from seamark.governance.ledger.rekor import check_log, proposal, read
from seamark.governance.ledger.tree import leaf_hash
from seamark.store.models import Anchor, Checkpoint
from tests.ledger.rekor import EARLIER, HOST, TREE, Rekor, b64, sorted_json

pytestmark = pytest.mark.django_db
LOCAL = ("127.0.0.1",)

ANSWER = {"logID", "logIndex", "body", "integratedTime"}
PROOF = {"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"}
"""What Rekor's OpenAPI description (`LogEntry`, `InclusionProof`) requires."""


@pytest.fixture
def log() -> Iterator[Rekor]:
    made = Rekor()
    yield made
    made.close()


@pytest.fixture
def signed(key: Verifier) -> Checkpoint:
    record("test", "thing", {"at": 1})
    return checkpoints.sign_now()


def ask(log: Rekor, signed: Checkpoint, trusted: Trusted | None = None, **more: Any) -> anchoring.Made:
    trust = Trusted(log.pem) if trusted is None else trusted
    return anchor_in_log(signed, log.url, trusted=trust, internal=LOCAL, sleep=lambda _: None, **more)


def only(answer: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any]
    (entry,) = answer.values()
    return entry


def test_a_checkpoint_is_entered_and_kept(log: Rekor, signed: Checkpoint, key: Verifier) -> None:
    made = ask(log, signed)
    assert log.asked == ["POST /api/v1/log/entries"]
    assert made.told.where == f"{HOST} - {TREE}, entry {EARLIER + 5}"
    assert (made.told.kind, made.told.size, made.told.checked) == ("rekor", 1, True)
    row = Anchor.objects.get()
    assert (row.checkpoint, row.kind, len(row.name)) == (signed, "rekor", 80)
    answer = bytes(row.answer)
    entry = only(json.loads(answer))
    assert entry.keys() >= ANSWER
    assert entry["verification"]["inclusionProof"].keys() == PROOF
    # What is kept is enough: neither the log nor the database is asked again.
    log.close()
    assert check("rekor", signed.note, answer, key, Trusted(log.pem)) == made.told
    assert not check("rekor", signed.note, answer, key).checked


def test_what_is_sent_is_what_the_schema_of_rekord_asks(signed: Checkpoint, key: Verifier) -> None:
    sent = proposal(signed.note, key)
    assert sent.keys() == {"kind", "apiVersion", "spec"}
    assert sent["spec"].keys() == {"data", "signature"}
    assert sent["spec"]["signature"].keys() == {"format", "publicKey", "content"}
    # One of hash and content.
    assert sent["spec"]["data"].keys() == {"content"}
    text = base64.b64decode(sent["spec"]["data"]["content"]).decode()
    assert signed.note.startswith(f"{text}\n\N{EM DASH} ")
    with pytest.raises(InvalidNote, match="not signed by"):
        proposal(signed.note, new_signer("tests.example/other").verifier)


@pytest.mark.parametrize("others", [0, 1, 2, 3, 6, 7, 8, 12])
def test_trees_of_any_size(others: int, signed: Checkpoint) -> None:
    log = Rekor(others)
    assert ask(log, signed).told.checked
    log.close()


def test_asked_again_the_entry_is_fetched(log: Rekor, signed: Checkpoint) -> None:
    first = ask(log, signed)
    log.bodies.append(b'{"kind":"later"}')
    log.times.append(1_800_000_000)
    again = ask(log, signed)
    assert [one.split("/")[0] for one in log.asked] == ["POST ", "POST ", "GET "]
    assert log.asked[2] == f"GET /api/v1/log/entries/{first.anchor.name}"
    assert again == first
    assert Anchor.objects.count() == 1


def test_an_answer_that_was_lost_is_fetched(log: Rekor, signed: Checkpoint) -> None:
    log.fail = ["lost"]
    assert ask(log, signed).told.checked
    assert len(log.bodies) == 6


def test_a_location_elsewhere_leads_nowhere_else(log: Rekor, signed: Checkpoint) -> None:
    ask(log, signed)
    log.location = lambda name: f"http://169.254.169.254/api/v1/log/entries/{name}"
    assert ask(log, signed).told.checked
    log.location = lambda _: "http://169.254.169.254/latest/meta-data"
    with pytest.raises(RemoteFailure, match="does not say where"):
        ask(log, signed)


def another(log: Rekor, signed: Checkpoint) -> Checkpoint:
    record("test", "thing", {"at": 2})
    return checkpoints.sign_now()


def flipped(text: str) -> str:
    raw = base64.b64decode(text)
    return b64(raw[:-1] + bytes([raw[-1] ^ 1]))


def resigned(log: Rekor, **more: Any) -> Callable[[dict[str, Any]], None]:
    """Alter what an entry says, with everything that the log signs made to fit."""

    def change(answer: dict[str, Any]) -> None:
        entry = only(answer)
        entry.update(more)
        said = {name: entry[name] for name in ANSWER}
        entry["verification"]["signedEntryTimestamp"] = b64(log.sign(sorted_json(said)))

    return change


def body(log: Rekor, change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    """Let the log enter something else than what it was given, and prove that."""

    def changed(answer: dict[str, Any]) -> None:
        told = json.loads(log.bodies[-1])
        change(told)
        log.bodies[-1] = sorted_json(told)
        answer.clear()
        answer.update(log.entry(len(log.bodies) - 1))

    return changed


def proof(**more: Any) -> Callable[[Rekor], Callable[[dict[str, Any]], None]]:
    def of(_: Rekor) -> Callable[[dict[str, Any]], None]:
        return lambda answer: only(answer)["verification"]["inclusionProof"].update(more)

    return of


def pem(key: Any) -> str:
    return b64(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def other_name(_: Rekor) -> Callable[[dict[str, Any]], None]:
    def change(answer: dict[str, Any]) -> None:
        answer["0" * 80] = answer.pop(next(iter(answer)))

    return change


def two(log: Rekor) -> Callable[[dict[str, Any]], None]:
    return lambda answer: answer.update(log.entry(0))


def set_spec(*steps: str, to: object) -> Callable[[Rekor], Callable[[dict[str, Any]], None]]:
    def change(told: dict[str, Any]) -> None:
        place = told["spec"]
        for step in steps[:-1]:
            place = place[step]
        place[steps[-1]] = to

    return lambda log: body(log, change)


def verification(**more: Any) -> Callable[[Rekor], Callable[[dict[str, Any]], None]]:
    return lambda _: lambda answer: only(answer)["verification"].update(more)


def signed_elsewhere(log: Rekor) -> Callable[[dict[str, Any]], None]:
    """The log's checkpoint, signed with a key of somebody else who calls it the log's."""

    def change(answer: dict[str, Any]) -> None:
        inclusion = only(answer)["verification"]["inclusionProof"]
        text = inclusion["checkpoint"].partition("\n\n")[0] + "\n"
        forged = ec.generate_private_key(ec.SECP256R1())
        kept, log.key = log.key, forged
        signature = log.sign(text.encode())
        log.key = kept
        id = base64.b64decode(inclusion["checkpoint"].split()[-1])[:4]
        inclusion["checkpoint"] = f"{text}\n\N{EM DASH} {HOST} {b64(id + signature)}\n"

    return change


WRONG: dict[str, tuple[Callable[[Rekor], Callable[[dict[str, Any]], object]], str]] = {
    "a hash of the proof": (proof(hashes=["00" * 32] * 3), "does not lead"),
    "a proof without hashes": (proof(hashes=[]), "does not lead"),
    "another place": (proof(logIndex=2), "does not lead"),
    "a place outside": (proof(logIndex=6), "does not lead"),
    "another root": (proof(rootHash="00" * 32), "does not lead"),
    "another size": (proof(treeSize=7), "does not lead"),
    "very many hashes": (proof(hashes=["00" * 32] * 65), "no entry of a Rekor log"),
    "a hash that is none": (proof(hashes=["zz"]), "no entry of a Rekor log"),
    "no checkpoint of the log": (proof(checkpoint="nothing"), "checkpoint of the log is none"),
    "a checkpoint of another tree": (
        proof(checkpoint=f"x\n9\n{b64(bytes(32))}\n\n\N{EM DASH} x {b64(bytes(9))}\n"), "another root than the checkpoint",
    ),
    "a checkpoint that somebody else has signed": (signed_elsewhere, "not signed with the log's key"),
    "no promise": (verification(signedEntryTimestamp=""), "signedEntryTimestamp"),
    "a promise that is nonsense": (verification(signedEntryTimestamp="AAAA"), "signedEntryTimestamp"),
    "no proof": (lambda _: lambda answer: only(answer)["verification"].pop("inclusionProof"), "inclusionProof"),
    "no verification": (lambda _: lambda answer: only(answer).pop("verification"), "verification"),
    "another time": (lambda _: lambda answer: only(answer).update(integratedTime=1), "signedEntryTimestamp"),
    "a time that is none": (lambda _: lambda answer: only(answer).update(integratedTime=10**18), "no entry of a Rekor log"),
    "another place in the log": (lambda _: lambda answer: only(answer).update(logIndex=1), "signedEntryTimestamp"),
    "a body that is no base64": (lambda log: resigned(log, body="*"), "its body is none"),
    "a body of another entry": (lambda log: resigned(log, body=b64(log.bodies[0])), "no rekord"),
    "a body that is no JSON": (lambda log: resigned(log, body=b64(b"{")), "no rekord"),
    "another log": (lambda log: resigned(log, logID="00" * 32), "another key than the one that was given"),
    "another name": (other_name, "name of another one"),
    "two entries": (two, "2 are there"),
    "no entry": (lambda _: dict.clear, "0 are there"),
    "another kind": (lambda log: body(log, lambda told: told.update(kind="hashedrekord")), "is a hashedrekord"),
    "another version": (lambda log: body(log, lambda told: told.update(apiVersion="0.0.2")), r"rekord 0\.0\.2"),
    "another hash": (set_spec("data", "hash", "value", to="00" * 32), "another checkpoint"),
    "another algorithm": (set_spec("data", "hash", "algorithm", to="sha512"), "another checkpoint"),
    "another signature": (set_spec("signature", "content", to=b64(bytes(64))), "another signature"),
    "another key": (set_spec("signature", "publicKey", "content", to=pem(Ed25519PrivateKey.generate())), "another key"),
    "a key of another sort": (
        set_spec("signature", "publicKey", "content", to=pem(ec.generate_private_key(ec.SECP256R1()))), "another key",
    ),
    "a key that is none": (set_spec("signature", "publicKey", "content", to=b64(b"nothing")), "another key"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_proves_nothing_is_not_kept(log: Rekor, signed: Checkpoint, case: str) -> None:
    make, complaint = WRONG[case]
    log.change = make(log)
    with pytest.raises(NotAnchored, match=complaint):
        ask(log, signed)
    assert not Anchor.objects.exists()
    assert checkpoints.latest() == signed


@pytest.mark.parametrize(
    ("failures", "complaint"),
    [
        (["500"], "answered 500 .*trillian"),
        (["huge"], "more than 20 MB"),
        (["large"], "more than 1,000,000 bytes"),
        (["cut"], "no entry of a Rekor log"),
        (["redirect"], "redirects elsewhere"),
        (["silent"] * 3, "does not answer"),
    ],
)
def test_failures_are_a_sentence_and_lose_nothing(
    log: Rekor, signed: Checkpoint, failures: list[str], complaint: str
) -> None:
    log.fail = failures
    with pytest.raises(SeamarkError, match=complaint):
        ask(log, signed, timeout=0.3)
    assert not Anchor.objects.exists()
    assert ask(log, signed).told.checked
    assert len(log.bodies) == 6


def test_a_log_that_refuses(log: Rekor, signed: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def lie(*_: object) -> dict[str, Any]:
        sent = proposal(*_)  # type: ignore[arg-type]
        sent["spec"]["data"]["content"] = b64(b"something else")
        return sent

    monkeypatch.setattr("seamark.governance.ledger.anchoring.rekor.proposal", lie)
    with pytest.raises(RemoteFailure, match=r"answered 400 .*InvalidSignature"):
        ask(log, signed)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://127.0.0.1:9", "Only https"),
        ("https://127.0.0.1:9", "inside this network"),
        ("https://169.254.169.254", "inside this network"),
        ("ftp://rekor.example", "starts with https"),
        ("https://me:secret@rekor.example", "no user"),
        ("nonsense", "starts with https"),
    ],
)
def test_addresses_are_guarded(signed: Checkpoint, url: str, complaint: str) -> None:
    with pytest.raises(RemoteFailure, match=complaint):
        anchor_in_log(signed, url)


def test_the_key_of_the_log(log: Rekor, signed: Checkpoint, key: Verifier) -> None:
    answer = bytes(ask(log, signed, NOBODY).anchor.answer)
    other = Rekor()
    other.close()
    check("rekor", signed.note, answer, key, Trusted(other.pem + b"\n" + log.pem))
    for keys, complaint in (
        (other.pem, "another key than the one that was given"),
        (b"nothing", "no public keys"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no public key in PEM"),
    ):
        with pytest.raises(NotAnchored, match=complaint):
            check("rekor", signed.note, answer, key, Trusted(keys))
    ed25519 = Ed25519PrivateKey.generate().public_key()
    told = json.loads(answer)
    only(told)["logID"] = sha256(ed25519.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    with pytest.raises(NotAnchored, match="no ECDSA key"):
        check_log(
            read(json.dumps(told).encode()), ed25519.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )


def test_an_answer_about_another_checkpoint(log: Rekor, signed: Checkpoint, key: Verifier) -> None:
    answer = bytes(ask(log, signed).anchor.answer)
    with pytest.raises(NotAnchored, match="of another checkpoint"):
        check("rekor", another(log, signed).note, answer, key)
    with pytest.raises(InvalidNote, match="forged"):
        check("rekor", signed.note.replace("\n1\n", "\n2\n"), answer, key)


def test_no_changed_byte_changes_what_is_told(log: Rekor, signed: Checkpoint, key: Verifier) -> None:
    answer = bytes(ask(log, signed).anchor.answer)
    trusted = Trusted(log.pem)
    told = check("rekor", signed.note, answer, key, trusted)
    refused = 0
    for at in range(0, len(answer), 2):
        for changed in (answer[:at], answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]):
            try:
                assert check("rekor", signed.note, changed, key, trusted) == told
            except (NotAnchored, InvalidNote):
                refused += 1
    # The rest are the tree's number in the name, and letters that base64 and hexadecimal leave free.
    assert refused > 0.98 * len(answer)


@pytest.fixture
def exported(log: Rekor, signed: Checkpoint, tmp_path: Path) -> Path:
    ask(log, signed)
    ask(log, another(log, signed))
    export(tmp_path / "x")
    export(tmp_path / "x.zip")
    return tmp_path / "x"


def test_an_export_says_which_anchors_hold(exported: Path, log: Rekor, key: Verifier) -> None:
    for path in (exported, exported.with_suffix(".zip")):
        told = verify_export(path, key, trusted=Trusted(log.pem))
        assert told.faults == ()
        assert [(one.size, one.checked) for one in told.anchors] == [(1, True), (2, True)]
    assert [one.checked for one in verify_export(exported, key).anchors] == [False, False]
    for whole in (
        verify_database(key, trusted=Trusted(log.pem)),
        verify_beside(exported, key, trusted=Trusted(log.pem)),
    ):
        assert whole.ok
        assert [(one.size, one.checked) for one in whole.anchors] == [(1, True), (2, True)]


def files(folder: Path) -> list[Path]:
    return sorted((folder / "anchors").iterdir())


def test_anchors_of_an_export_that_do_not_hold_are_named(exported: Path, log: Rekor, key: Verifier) -> None:
    first, second = files(exported)
    kept = first.read_bytes()

    def faults(trusted: Trusted = NOBODY) -> list[str]:
        told = verify_export(exported, key, trusted=trusted)
        assert all(fault.kind == "anchor" for fault in told.faults)
        assert told.ok is not bool(told.faults)
        return [fault.words for fault in told.faults]

    other = Rekor()
    other.close()
    assert [words.partition(": ")[2] for words in faults(Trusted(other.pem))] == [
        "The entry is from a log with another key than the one that was given"
    ] * 2
    first.write_bytes(kept[:-9])
    assert "does not hold: That is no entry" in faults()[0]
    first.write_bytes(second.read_bytes())
    assert "kept under another name" in faults()[0]
    moved = first.rename(exported / "anchors" / second.name.replace("000000000002", "000000000007"))
    assert "checkpoint of 7 entries does not hold: that checkpoint is missing" in faults()[0]
    moved.rename(exported / "anchors" / "notes.txt")
    assert faults() == ["anchors/notes.txt is no anchor"]


def test_a_forged_history_does_not_fit_what_was_anchored(exported: Path, log: Rekor, key: Verifier) -> None:
    """Whoever holds the ledger's key signs another history, and leaves the anchor of the true one where it is."""

    lines = (exported / "entries.jsonl").read_bytes().replace(b'"at":1', b'"at":9').splitlines()
    signer = read_signer(settings.SEAMARK_LEDGER_KEY)
    (exported / "entries.jsonl").write_bytes(lines[0] + b"\n")
    (exported / "checkpoint").write_text(sign_head(Head(signer.name, 1, leaf_hash(lines[0])), signer))
    for path in (exported / "tile", exported / "checkpoints"):
        for each in sorted(path.rglob("*"), reverse=True):
            each.unlink() if each.is_file() else each.rmdir()
    told = verify_export(exported, key, trusted=Trusted(log.pem))
    assert [fault.words.partition(": ")[2] for fault in told.faults] == [
        "The entry is of another checkpoint: the hash is not that of this one", "that checkpoint is missing, or is not good",
    ]  # fmt: skip
    assert told.anchors == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", "x"), ("kind", "timestamp"), ("name", "0" * 80), ("name", "../../../x"), ("checkpoint_id", 2), ("answer", b"{}")],
)  # fmt: skip
def test_each_field_of_a_kept_anchor(
    log: Rekor, signed: Checkpoint, key: Verifier, unguarded: None, tmp_path: Path, field: str, value: object
) -> None:
    ask(log, signed)
    another(log, signed)
    Anchor.objects.update(**{field: value})
    (fault,) = verify_database(key).faults
    assert fault.kind == "anchor"
    # The export of it stays in its folder and tells of it as well.
    export(tmp_path / "x")
    assert [path.parent for path in files(tmp_path / "x")] == [tmp_path / "x" / "anchors"]
    assert [fault.kind for fault in verify_export(tmp_path / "x", key).faults] == ["anchor"]


def test_kept_anchors_only_grow(log: Rekor, signed: Checkpoint) -> None:
    ask(log, signed)
    changes: list[Callable[[], object]] = [
        lambda: Anchor.objects.update(name="x"),
        lambda: Anchor.objects.all().delete(),
    ]
    if connection.vendor == "sqlite":
        for id in ("id", "id + 1"):
            columns = f"SELECT {id}, checkpoint_id, kind, name, x'00' FROM store_anchor"
            replaced = f"INSERT OR REPLACE INTO store_anchor (id, checkpoint_id, kind, name, answer) {columns}"
            changes.append(partial(execute, replaced))
    for change in changes:
        with pytest.raises(DatabaseError, match="can only grow"), transaction.atomic():
            change()


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_paths_in_exports() -> None:
    one = Kept(300, "rekor", "ab" * 40, b"x")
    assert one.path == f"anchors/000000000300-rekor-{'ab' * 40}.json"
    assert placed(one.path, b"x") == one
    for path in (one.path.replace("json", "tsr"), f"{one.path}x", one.path.replace("rekor", "other"), "anchors/../x"):
        assert placed(path, b"x") is None
