"""From a file to clean bytes: packing, encodings, bounds, and what is refused."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import os
import zipfile
import zlib
from pathlib import Path

import pytest

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit import source as sources
from seamark.intake.parsers.kit import unpack
from seamark.intake.parsers.kit.source import Source, from_bytes, open_source

TEXT = '{"word": "Größe – 大小"}'


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def written(tmp_path: Path, data: bytes) -> Source:
    path = tmp_path / "report"
    path.write_bytes(data)
    return open_source(path)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        gzip.compress(TEXT.encode(), mtime=0),
        gzip.compress(TEXT[:5].encode(), mtime=0) + gzip.compress(TEXT[5:].encode(), mtime=0),
        gzip.compress(TEXT.encode(), mtime=0) + b"\0" * 512,
        gzip.compress(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), mtime=0),
        zipped(report=TEXT.encode()),
        zipped(**{"__MACOSX/._report": b"x", "report": TEXT.encode()}),
    ],
)
def test_every_wrapping_gives_the_same_text(tmp_path: Path, data: bytes) -> None:
    for source in (written(tmp_path, data), from_bytes(data, "report")):
        assert bytes(source.data).decode() == TEXT
        assert source.stream().read() == TEXT.encode()
        assert source.size == len(data)
        assert not source.archive


def test_stream_reads_lines_and_blocks(tmp_path: Path) -> None:
    for data in (b"one\ntwo\nthree", codecs.BOM_UTF8 + b"one\ntwo\nthree"):
        stream = written(tmp_path, data).stream()
        assert [stream.readline(), stream.read(2), stream.readline(), stream.read(), stream.readline()] == [
            b"one\n", b"tw", b"o\n", b"three", b"",
        ]  # fmt: skip
        assert io.BufferedReader(written(tmp_path, data).stream()).readlines() == [b"one\n", b"two\n", b"three"]


@pytest.mark.parametrize("keep", [10, 20, -1, -4, -9])
def test_gzip_that_is_cut_off_is_refused(keep: int) -> None:
    packed = gzip.compress(os.urandom(5000))
    with pytest.raises(UnreadableReport, match="cut off"):
        from_bytes(packed[:keep], "report")


def test_second_gzip_member_that_is_cut_off_is_refused() -> None:
    with pytest.raises(UnreadableReport, match="cut off"):
        from_bytes(gzip.compress(b"a", mtime=0) + gzip.compress(b"b" * 100, mtime=0)[:-6], "report")


def test_members_may_begin_at_the_end_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [gzip.compress(b"%d," % number, mtime=0) for number in range(50)]
    for block in (1, 2, 3, 7, 23):
        monkeypatch.setattr(unpack, "BLOCK", block)
        assert bytes(from_bytes(b"".join(parts), "report").data) == b"".join(b"%d," % number for number in range(50))


def bomb() -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)
    return b"".join(machine.compress(zeros) for _ in range(80)) + machine.flush()


def test_bombs_are_refused_before_they_fill_anything() -> None:
    with pytest.raises(UnreadableReport, match="grows beyond 64 MB"):
        from_bytes(bomb(), "report")
    with pytest.raises(UnreadableReport, match="grows beyond 64 MB"):
        from_bytes(zipped(report=bytes(80 * 1024 * 1024)), "report")


def test_large_unpacked_text_goes_through_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_IN_MEMORY", 1000)
    text = os.urandom(4000).hex().encode()
    source = from_bytes(gzip.compress(b"{" + text, mtime=0), "report")
    assert not isinstance(source.data, bytes)
    assert bytes(source.data) == b"{" + text
    assert source.stream().read(5) == b"{" + text[:4]


def test_zip_with_several_files_stays_an_archive() -> None:
    data = zipped(a=b"1", b=b"2")
    source = from_bytes(data, "report")
    assert source.archive
    assert bytes(source.data) == data


def test_zip_with_a_password_is_refused() -> None:
    data = bytearray(zipped(report=b"x"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableReport, match="password"):
        from_bytes(bytes(data), "report")


def test_spoiled_zip_files_are_refused_with_a_sentence() -> None:
    data = zipped(report=os.urandom(300))
    for place in range(4, len(data)):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        try:
            from_bytes(bytes(changed), "report")
        except UnreadableReport as refusal:
            assert len(str(refusal)) > 15  # noqa: PT017 - many of these still open
    with pytest.raises(UnreadableReport, match="damaged"):
        from_bytes(data[:-30], "report")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (zipped(), "holds no report"),
        (zipped(report=b""), "empty"),
        (bz2.compress(b"x"), "bzip2"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8", "UTF-16-LE"),
        (codecs.BOM_UTF16_LE + b"{\x00}", "UTF-16-LE"),
    ],
)
def test_refused_bytes(data: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableReport, match=sentence):
        from_bytes(data, "report")


def test_refused_files(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, sentence in (
        (".", "directory"),
        ("empty", "empty"),
        ("none", "no such file"),
        ("a\0b", "cannot be opened"),
    ):
        with pytest.raises(UnreadableReport, match=sentence):
            open_source(tmp_path / name)


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_streams_let_go_of_what_they_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mark: bytes) -> None:
    let_go: list[tuple[int, int]] = []
    forget = sources.forget

    def watched(data: sources.Buffer, start: int, end: int) -> int:
        let_go.append((start, end))
        return forget(data, start, end)

    monkeypatch.setattr(sources, "forget", watched)
    monkeypatch.setattr(sources, "_HELD", 20_000)
    text = b"".join(b"line %d\n" % number for number in range(20_000))
    source = written(tmp_path, mark + text)
    assert b"".join(iter(source.stream().readline, b"")) == text
    assert len(let_go) > 5
    assert max(end - start for start, end in let_go) < 40_000
    assert source.stream().read() == text
