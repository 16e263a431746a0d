"""Exports and proofs, verified without a database: what was done to them is found and named."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.ledger import anchors, checkpoints
from seamark.governance.ledger.entry import Decision, Entry
from seamark.governance.ledger.exporting import export
from seamark.governance.ledger.folder import Proof, UnusableExport, verify_export, verify_proof
from seamark.governance.ledger.live import verify_beside
from seamark.governance.ledger.note import Signer, Verifier, new_signer
from seamark.governance.ledger.record import record, record_all
from seamark.governance.ledger.replaying import replay, replayer
from seamark.governance.ledger.tree import leaf_hash
from seamark.pipeline.people import add_user
from seamark.store.models import Grant
from seamark.store.models.people import Role

pytestmark = pytest.mark.django_db
SIZE = 600
Edit = Callable[[list[bytes]], list[bytes]]


@pytest.fixture
def exported(key: Verifier, tmp_path: Path) -> Path:
    for _ in range(2):
        record_all(Decision("test", "thing", {"words": f"number {at}"}, "system:tests") for at in range(SIZE // 2))
        checkpoints.sign_now()
    export(tmp_path / "export")
    return tmp_path / "export"


def edit(folder: Path, change: Edit) -> None:
    path = folder / "entries.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in change(path.read_bytes().splitlines())))


def test_an_export_verifies(exported: Path, key: Verifier) -> None:
    told = verify_export(exported, key)
    assert told.faults == ()
    assert (told.ok, told.size, told.checkpoints, told.unsigned, told.rows) == (True, SIZE, 2, 0, None)
    found = sorted(str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file())
    assert found == [
        "checkpoint", "checkpoints/000000000300", "entries.jsonl", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
    ]  # fmt: skip


def test_a_zip_file_verifies_too(exported: Path, key: Verifier, tmp_path: Path) -> None:
    export(tmp_path / "export.zip")
    assert verify_export(tmp_path / "export.zip", key) == verify_export(exported, key)
    for place in (exported, tmp_path / "export.zip"):
        with pytest.raises(NotAllowed, match="there already"):
            export(place)


EDITS: dict[str, tuple[Edit, str, int]] = {
    "changed": (lambda lines: [line.replace(b"number 17", b"number 18") for line in lines], "changed", 17),
    "removed": (lambda lines: lines[:250] + lines[251:], "missing", 250),
    "removed first": (lambda lines: lines[1:], "missing", 0),
    "truncated": (lambda lines: lines[:590], "missing", 590),
    "reordered": (lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]], "order", 5),
    "repeated": (lambda lines: [*lines[:5], lines[4], *lines[5:]], "twice", 4),
    "renumbered": (lambda lines: [*lines[:8], lines[8].replace(b'"number":8', b'"number":9'), *lines[9:]], "twice", 9),
    "garbage": (lambda lines: [*lines[:8], b"\xff{", *lines[9:]], "missing", 8),
    "spaced": (lambda lines: [*lines[:8], lines[8].replace(b'"number":8', b'"number": 8'), *lines[9:]], "changed", 8),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("tiles", [True, False])
def test_what_was_done_to_entries_is_named(exported: Path, key: Verifier, name: str, *, tiles: bool) -> None:
    change, kind, number = EDITS[name]
    edit(exported, change)
    if not tiles:
        shutil.rmtree(exported / "tile")
    told = verify_export(exported, key)
    assert not told.ok
    if tiles or kind != "changed":
        assert (kind, number) in {(fault.kind, fault.entry) for fault in told.faults}
    else:
        (fault,) = told.faults
        assert (fault.kind, fault.entry) == ("root", 0)
        assert "entries 0 to 299" in fault.words


def test_a_forger_of_tiles_too_is_caught_by_the_signature(exported: Path, key: Verifier) -> None:
    edit(exported, lambda lines: [*lines[:500], lines[500].replace(b"number 200", b"number 999"), *lines[501:]])
    line = (exported / "entries.jsonl").read_bytes().splitlines()[500]
    tile = exported / "tile/0/001"
    hashes = bytearray(tile.read_bytes())
    hashes[244 * 32 : 245 * 32] = leaf_hash(line)
    tile.write_bytes(hashes)
    told = verify_export(exported, key)
    assert any(fault.kind == "root" and "entries 300 to 599" in fault.words for fault in told.faults)


@pytest.mark.parametrize("name", ["tile/0/001", "tile/1/000.p/2", "tile/0/002.p/88"])
def test_a_tile_that_was_changed_or_cut(exported: Path, key: Verifier, name: str) -> None:
    good = (exported / name).read_bytes()
    for bad in (bytes([good[0] ^ 1]) + good[1:], good[:-1], b""):
        (exported / name).write_bytes(bad)
        assert not verify_export(exported, key).ok
    (exported / name).write_bytes(good)
    assert verify_export(exported, key).ok


def test_another_key_and_no_checkpoint(exported: Path, key: Verifier) -> None:
    told = verify_export(exported, new_signer(key.name).verifier)
    assert {fault.kind for fault in told.faults} == {"signature"}
    (exported / "checkpoint").unlink()
    assert any("no checkpoint" in fault.words for fault in verify_export(exported, key).faults)


def test_entries_that_nobody_signed_are_told(exported: Path, key: Verifier) -> None:
    edit(exported, lambda lines: [*lines, lines[-1].replace(b'"number":599', b'"number":600')])
    told = verify_export(exported, key)
    assert (told.ok, told.unsigned) == (True, 1)


def test_an_older_checkpoint_unmasks_a_ledger_that_was_written_anew(
    exported: Path, key: Verifier, signer: Signer
) -> None:
    """The owner of the key can sign anything, but not what others have kept."""
    from seamark.governance.ledger.checkpoint import Head, sign_head
    from seamark.governance.ledger.tree import Growing

    kept = (exported / "checkpoints/000000000300").read_text()
    newest = (exported / "checkpoint").read_text()
    edit(exported, lambda lines: [line.replace(b"number 17", b"number 18") for line in lines][:400])
    shutil.rmtree(exported / "tile")
    shutil.rmtree(exported / "checkpoints")
    tree = Growing()
    tree.add(leaf_hash(line) for line in (exported / "entries.jsonl").read_bytes().splitlines())
    (exported / "checkpoint").write_text(sign_head(Head(signer.name, 400, tree.root()), signer))
    assert verify_export(exported, key).ok
    told = verify_export(exported, key, (kept,))
    assert any("The checkpoint of 300 entries does not fit" in fault.words for fault in told.faults)
    (fault,) = verify_export(exported, key, (newest,)).faults
    assert fault.kind == "shrunk"
    assert "entries 400 to 599 cut off" in fault.words
    same = sign_head(Head(signer.name, 400, bytes(32)), signer)
    assert any("two faces" in fault.words for fault in verify_export(exported, key, (same,)).faults)


def test_what_is_no_export(tmp_path: Path, key: Verifier) -> None:
    with pytest.raises(UnusableExport, match="no export"):
        verify_export(tmp_path, key)
    (tmp_path / "x.zip").write_bytes(b"PK nothing")
    with pytest.raises(UnusableExport, match="neither"):
        verify_export(tmp_path / "x.zip", key)
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("entries.jsonl", b'{"number":90000000000}\n')
        archive.writestr("checkpoint", b"x" * 2_000_000)
    with pytest.raises(UnusableExport, match="larger"):
        verify_export(tmp_path / "y.zip", key)


def test_a_proof(exported: Path, key: Verifier) -> None:
    proof = checkpoints.proof_of(345)
    assert verify_proof(msgspec.json.encode(proof), key).ok
    good = msgspec.structs.asdict(proof)
    for name, value in {
        "entry": proof.entry.replace("number 45", "number 46"), "index": 344, "size": 599, "hashes": proof.hashes[1:],
        "checkpoint": proof.checkpoint.replace("600", "601"),
    }.items():  # fmt: skip
        assert not verify_proof(msgspec.json.encode({**good, name: value}), key).ok, name
    assert not verify_proof(msgspec.json.encode(proof), new_signer("other").verifier).ok
    with pytest.raises(UnusableExport, match="no proof"):
        verify_proof(b"{}", key)
    record("test", "later", {})
    later = checkpoints.sign_now().note
    (fault,) = verify_proof(msgspec.json.encode(proof), key, (later,)).faults
    assert fault.kind == "shrunk"


def test_a_proof_of_an_entry_that_calls_itself_another(key: Verifier, signer: Signer) -> None:
    from seamark.governance.ledger.checkpoint import Head, sign_head

    entry = '{"number":5}'
    for text in (entry, "[]"):
        note = sign_head(Head(signer.name, 1, leaf_hash(text.encode())), signer)
        (fault,) = verify_proof(msgspec.json.encode(Proof(text, 0, 1, (), note)), key).faults
        assert fault.kind == "order"


def test_live_rows_beside_an_export(key: Verifier, tmp_path: Path) -> None:
    add_user("mia", Role.VIEWER)
    export(tmp_path / "export")
    told = verify_beside(tmp_path / "export", key)
    assert (told.ok, told.rows) == (True, 2)
    Grant.objects.update(role="admin")
    (fault,) = verify_beside(tmp_path / "export", key).faults
    assert fault.words == f"role of store_grant {Grant.objects.get().pk} is 'admin'; entry 1 says 'viewer'"
    edit(tmp_path / "export", lambda lines: [b"nothing"])
    assert {fault.kind for fault in verify_beside(tmp_path / "export", key).faults} == {
        "unreadable",
        "missing",
        "row",
        "root",
    }


def test_a_git_tag(key: Verifier, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    record("test", "thing", {})
    made = checkpoints.sign_now()
    assert anchors.tag(tmp_path, made.note, made.size) == "seamark-ledger-1"
    shown = subprocess.run(
        ["git", "-C", tmp_path, "cat-file", "blob", "seamark-ledger-1^{blob}"], capture_output=True, check=True
    )
    assert shown.stdout.decode() == made.note
    message = subprocess.run(
        ["git", "-C", tmp_path, "tag", "-l", "--format=%(contents)"], capture_output=True, check=True
    )
    assert made.note.strip() in message.stdout.decode()
    with pytest.raises(anchors.NotAnchored, match="already exists"):
        anchors.tag(tmp_path, made.note, made.size)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl reads the request")
def test_a_time_stamp_request_is_understood(key: Verifier, tmp_path: Path) -> None:
    record("test", "thing", {})
    note = checkpoints.sign_now().note
    (tmp_path / "note").write_text(note)
    for _ in range(5):
        (tmp_path / "request.tsq").write_bytes(anchors.timestamp_request(note))
        told = subprocess.run(
            ["openssl", "ts", "-query", "-in", tmp_path / "request.tsq", "-text"], capture_output=True, check=True
        ).stdout.decode()
        assert "Hash Algorithm: sha256" in told
        assert "Certificate required: yes" in told
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256", "-r", tmp_path / "note"], capture_output=True, check=True
    ).stdout.decode()[:64]
    dumped = "".join(line.split(" - ")[1][:47].replace("-", " ") + " " for line in told.splitlines() if " - " in line)
    assert digest == dumped.replace(" ", "")


TSA: Final = """[tsa]
default_tsa = own
[own]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl plays the authority")
def test_a_time_stamp_is_checked_against_its_authority(key: Verifier, tmp_path: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, check=True)

    record("test", "thing", {})
    note = checkpoints.sign_now().note
    (tmp_path / "request.tsq").write_bytes(anchors.timestamp_request(note))
    (tmp_path / "tsa.cnf").write_text(TSA)
    (tmp_path / "serial").write_text("01")
    subject = ("-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl("req", "-x509", *subject, "-subj", "/CN=Root", "-keyout", "root.key", "-out", "root.pem")
    openssl("req", "-x509", *subject, "-subj", "/CN=Other", "-keyout", "other.key", "-out", "other.pem")
    openssl("req", *subject, "-subj", "/CN=Stamps", "-keyout", "tsa.key", "-out", "tsa.csr")
    (tmp_path / "ext").write_text("extendedKeyUsage=critical,timeStamping\n")
    openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "2", "-out", "tsa.pem", "-extfile", "ext", "-set_serial", "7")  # fmt: skip
    openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer.tsr")  # fmt: skip
    answer, root = (tmp_path / "answer.tsr").read_bytes(), (tmp_path / "root.pem").read_bytes()
    assert abs((anchors.stamped_at(note, answer, root) - timezone.now()).total_seconds()) < 60
    with pytest.raises(anchors.NotAnchored, match="does not hold"):
        anchors.stamped_at(note + "x", answer, root)
    with pytest.raises(anchors.NotAnchored, match="does not hold"):
        anchors.stamped_at(note, answer, (tmp_path / "other.pem").read_bytes())
    with pytest.raises(anchors.NotAnchored, match="no time stamp"):
        anchors.stamped_at(note, b"x", root)
    with pytest.raises(anchors.NotAnchored, match="None of the"):
        anchors.stamped_at(note, answer, (tmp_path / "tsa.pem").read_bytes())
    with pytest.raises(anchors.NotAnchored, match="not PEM"):
        anchors.stamped_at(note, answer, b"x")


def test_decisions_are_made_anew(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from seamark.governance.ledger import replaying

    monkeypatch.setattr(replaying, "_replayers", {})
    number = record("sum", "thing", {"sum": 5.5}, inputs={"parts": [2, 3.5]})
    with pytest.raises(NotFound, match="none yet"):
        replay(number)

    @replayer("sum")
    def add(entry: Entry) -> dict[str, object]:
        return {"sum": sum(entry.inputs["parts"])}

    assert replay(number).same
    wrong = replay(record("sum", "thing", {"sum": 6}, inputs={"parts": [2, 3.5]}))
    assert (wrong.same, wrong.recorded, wrong.recomputed) == (False, '{"sum":6}', '{"sum":5.5}')
    with pytest.raises(NotFound, match="no entry 9"):
        replay(9)
