"""Spoiled reports: a failure that was foreseen, or a valid reading. And one report in other wrappings: the same reading."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from collections.abc import Callable

import pytest

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.read import ParserBug, open_bytes, open_report
from seamark.intake.parsers.kit.source import open_source

from .plain import prove
from .samples import Sample
from .spoiler import spoil


def test_spoiled_report_is_refused_or_read(sample: Sample) -> None:
    data = bytes(open_source(sample.path).data)
    failures: list[str] = []
    read = 0
    for what, spoiled in spoil(data, sample.id):
        try:
            prove(open_bytes(spoiled, sample.path.name, sample.format).items())
            read += 1
        except ParserBug as bug:
            failures.append(f"{what}: {bug}")
        except UnreadableReport as refusal:
            if not str(refusal)[:1].strip():
                failures.append(f"{what}: refused without a sentence")
        except Exception as error:  # noqa: BLE001 - any other failure is the very thing looked for
            failures.append(f"{what}: {type(error).__name__}: {error}")
    assert not failures, f"{len(failures)} failures:\n" + "\n".join(failures[:15])
    assert read, "not one spoiled form was read: the spoiler never got past the door"


def _zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/report", data)
    return packed.getvalue()


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "UTF-8 with a mark": lambda data: codecs.BOM_UTF8 + data,
    "UTF-16 LE": lambda data: codecs.BOM_UTF16_LE + data.decode().encode("utf-16-le"),
    "UTF-16 BE": lambda data: codecs.BOM_UTF16_BE + data.decode().encode("utf-16-be"),
    "CRLF": lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "gzip": gzip.compress,
    "zip": _zipped,
    "gzip of UTF-16": lambda data: gzip.compress(codecs.BOM_UTF16_LE + data.decode().encode("utf-16-le")),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_wrapping_changes_nothing(sample: Sample, wrapping: str) -> None:
    source = open_source(sample.path)
    data = bytes(source.data)
    if source.archive or (wrapping == "CRLF" and _holds_line_ends_in_text(data)):
        pytest.skip("cannot be wrapped so without changing what it says")
    if wrapping.endswith(("LE", "BE", "UTF-16")) and _names_another_encoding(data):
        pytest.skip("says itself that it is written in another encoding")
    wrapped = open_bytes(WRAPPINGS[wrapping](data), sample.path.name)
    assert wrapped.parser.name == sample.format
    assert list(wrapped.items()) == list(open_report(sample.path).items())


def _holds_line_ends_in_text(data: bytes) -> bool:
    """Tell tables and plain text, whose cells may hold line ends, from JSON and XML, where they are layout."""
    return data.lstrip()[:1] not in {b"{", b"[", b"<"}


def _names_another_encoding(data: bytes) -> bool:
    head = data[:200].lower()
    return head.startswith(b"<?xml") and b"encoding" in head and b"utf-" not in head
