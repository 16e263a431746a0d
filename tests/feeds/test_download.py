"""Fetching: only what changed, bounded, checked, and nothing half."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.feeds.catalogue import Checksum, Origin, origin
from seamark.intake.connectors.feeds.download import Validators, addresses, fetched

from .conftest import Publisher
from .files import EPSS

PLAIN = origin("epss")


def get(publisher: Publisher, folder: Path, of: Origin = PLAIN, known: Validators | None = None) -> bytes | None:
    with fetched(f"{publisher.url}/file", folder, of, known or Validators()) as came:
        return None if came is None else came.path.read_bytes()


def test_a_file_comes_whole_with_its_validators_and_leaves_nothing_behind(publisher: Publisher, tmp_path: Path) -> None:
    publisher.files["file"] = EPSS
    with fetched(f"{publisher.url}/file", tmp_path / "feeds", PLAIN) as came:
        assert came is not None
        assert came.path.read_bytes() == EPSS
        assert came.sha256 == hashlib.sha256(EPSS).hexdigest()
        assert came.validators.etag == publisher.etag("file")
    assert list((tmp_path / "feeds").iterdir()) == []


def test_what_did_not_change_is_not_fetched(publisher: Publisher, tmp_path: Path) -> None:
    publisher.files["file"] = EPSS
    assert get(publisher, tmp_path, known=Validators(publisher.etag("file"))) is None
    publisher.files["file"] = EPSS + b"CVE-2020-0009,0.1,0.1\n"
    assert get(publisher, tmp_path, known=Validators('"old"')) == publisher.files["file"]
    assert [code for _, code in publisher.asked] == [304, 200]


@pytest.mark.parametrize(("code", "permanent"), [(404, True), (403, True), (429, False), (500, False), (503, False)])
def test_refusals_are_told(code: int, permanent: bool, publisher: Publisher, tmp_path: Path) -> None:
    publisher.answers["file"] = code
    with pytest.raises(RemoteFailure, match=str(code)) as caught:
        get(publisher, tmp_path)
    assert caught.value.permanent is permanent
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_or_empty_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.files["file"] = b"x" * 2_000_000
    with pytest.raises(RemoteFailure, match="more than 1 MB"):
        get(publisher, tmp_path, PLAIN._replace(most=1024**2))
    publisher.files["file"] = b""
    with pytest.raises(RemoteFailure, match="empty"):
        get(publisher, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nobody_there_and_circles(publisher: Publisher, tmp_path: Path) -> None:
    publisher.moved["file"] = "/file"
    with pytest.raises(RemoteFailure, match="cannot be fetched"):
        get(publisher, tmp_path)
    with pytest.raises(RemoteFailure, match="cannot be fetched"), fetched("http://127.0.0.1:1/x", tmp_path, PLAIN):
        pass
    with pytest.raises(RemoteFailure, match="cannot be fetched"), fetched("nothing", tmp_path, PLAIN):
        pass


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_the_publishers_digest_is_compared(algorithm: str, publisher: Publisher, tmp_path: Path) -> None:
    checked = PLAIN._replace(checksum=Checksum("-checksum.txt"))
    publisher.files["file"] = EPSS
    publisher.files["file-checksum.txt"] = hashlib.new(algorithm, EPSS).hexdigest().encode() + b"  file\n"
    assert get(publisher, tmp_path, checked) == EPSS
    publisher.files["file"] = EPSS[:-1]
    with pytest.raises(RemoteFailure, match="not what its publisher's digest says"):
        get(publisher, tmp_path, checked)
    publisher.files["file-checksum.txt"] = b"soon"
    with pytest.raises(RemoteFailure, match="holds no digest"):
        get(publisher, tmp_path, checked)
    del publisher.files["file-checksum.txt"]
    with pytest.raises(RemoteFailure, match="answers 404"):
        get(publisher, tmp_path, checked)


def test_a_digest_of_what_is_packed(publisher: Publisher, tmp_path: Path) -> None:
    checked = PLAIN._replace(checksum=Checksum(".meta", "ile", unpacked=True))
    packed = gzip.compress(EPSS)
    publisher.files["file"] = packed
    publisher.files["f.meta"] = b"size:3\r\nsha256:" + hashlib.sha256(EPSS).hexdigest().upper().encode() + b"\r\n"
    assert get(publisher, tmp_path, checked) == packed
    publisher.files["file"] = packed[:-9]
    with pytest.raises(RemoteFailure, match="cannot be unpacked"):
        get(publisher, tmp_path, checked)


def test_a_mirror_takes_the_place_of_every_publisher() -> None:
    assert addresses(PLAIN, "https://mirror.example/feeds/") == (
        ("epss_scores-current.csv.gz", "https://mirror.example/feeds/epss_scores-current.csv.gz"),
    )
    assert addresses(origin("vulncheck")) == ()
    assert len(addresses(origin("osv"))) == 4
