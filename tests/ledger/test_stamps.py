"""Time stamps that are kept with the checkpoint that they are of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from seamark.core.errors import NotFound
from seamark.governance.ledger import anchors, checkpoints
from seamark.governance.ledger.anchored import Trusted, check, kind_of
from seamark.governance.ledger.anchoring import keep_stamp
from seamark.governance.ledger.exporting import export
from seamark.governance.ledger.folder import verify_export
from seamark.governance.ledger.note import Verifier
from seamark.governance.ledger.record import record
from seamark.store.models import Anchor, Checkpoint
from tests.ledger.test_export import TSA

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl plays the authority"),
]


class Authority(NamedTuple):
    """A time-stamping authority of openssl's."""

    folder: Path

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=True)

    def stamp(self, request: bytes) -> bytes:
        (self.folder / "request.tsq").write_bytes(request)
        self.run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "answer.tsr")  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path / "tsa")
    made.folder.mkdir()
    for name, text in {"tsa.cnf": TSA, "serial": "01", "ext": "extendedKeyUsage=critical,timeStamping\n"}.items():
        (made.folder / name).write_text(text)
    subject = ("-newkey", "rsa:2048", "-nodes", "-days", "2")
    made.run("req", "-x509", *subject, "-subj", "/CN=Root", "-keyout", "root.key", "-out", "root.pem")
    made.run("req", *subject, "-subj", "/CN=Stamps", "-keyout", "tsa.key", "-out", "tsa.csr")
    made.run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "2", "-out", "tsa.pem", "-extfile", "ext", "-set_serial", "7")  # fmt: skip
    return made


def signed(number: int) -> Checkpoint:
    record("test", "thing", {"at": number})
    return checkpoints.sign_now()


def test_a_stamp_is_kept_with_its_checkpoint_and_exported(key: Verifier, authority: Authority, tmp_path: Path) -> None:
    older = signed(1)
    answer = authority.stamp(anchors.timestamp_request(older.note))
    signed(2)
    trusted = Trusted(authorities=authority.root)
    made = keep_stamp(answer, trusted)
    assert (made.anchor.checkpoint, made.told.kind, made.told.size, made.told.checked) == (older, "timestamp", 1, True)
    assert keep_stamp(answer) == (made.anchor, check("timestamp", older.note, answer, key))
    assert kind_of(answer) == "timestamp"
    export(tmp_path / "x")
    told = verify_export(tmp_path / "x", key, trusted=trusted)
    assert (told.faults, told.anchors) == ((), (made.told,))
    (unchecked,) = verify_export(tmp_path / "x", key).anchors
    assert (unchecked.checked, unchecked.at) == (False, made.told.at)
    # A stamp under another checkpoint, and one that was changed.
    (path,) = (tmp_path / "x" / "anchors").iterdir()
    moved = path.rename(path.with_name(path.name.replace("000000000001", "000000000002")))
    assert "something else than this checkpoint" in verify_export(tmp_path / "x", key).faults[0].words
    moved.write_bytes(answer[:-1])
    assert "kept under another name" in verify_export(tmp_path / "x", key).faults[0].words


def test_what_is_not_kept(key: Verifier, authority: Authority) -> None:
    made = signed(1)
    with pytest.raises(NotFound, match="of no checkpoint"):
        keep_stamp(authority.stamp(anchors.timestamp_request(f"{made.note}x")))
    for raw in (b"", b"nothing", anchors.timestamp_request(made.note)):
        with pytest.raises(anchors.NotAnchored, match="no time stamp"):
            keep_stamp(raw)
    # An authority that refuses sends no stamp.
    authority.run("ts", "-query", "-digest", "00" * 20, "-sha1", "-out", "sha1.tsq")
    with pytest.raises(anchors.NotAnchored, match="no time stamp"):
        keep_stamp(authority.stamp((authority.folder / "sha1.tsq").read_bytes()))
    answer = authority.stamp(anchors.timestamp_request(made.note))
    authority.run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Other", "-keyout", "root.key", "-out", "root.pem")  # fmt: skip
    with pytest.raises(anchors.NotAnchored, match="does not hold"):
        keep_stamp(answer, Trusted(authorities=authority.root))
    assert not Anchor.objects.exists()
