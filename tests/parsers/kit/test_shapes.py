"""Lines, tables and XML: what they give, and what they refuse."""

from __future__ import annotations

import codecs
from pathlib import Path

import msgspec
import pytest

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.shapes import Csv, JsonLines, Text, Xml, separator
from seamark.intake.parsers.kit.source import from_bytes, open_source


class Row(msgspec.Struct):
    name: str
    line: int | None = None


class Problem(msgspec.Struct):
    id: str = msgspec.field(name="@id")
    file: str | None = None
    line: int | None = msgspec.field(name="@line", default=None)
    note: list[str] | str = ""
    text: str = msgspec.field(name="#text", default="")


def xml(text: str | bytes) -> Xml:
    return Xml(from_bytes(text if isinstance(text, bytes) else text.encode(), "report"))


def test_json_lines() -> None:
    source = from_bytes(b'{"name": "a", "line": "3"}\n\n{"name": "b\xff", "x": NaN}\r\n', "report")
    assert list(JsonLines(source, Row)) == [Row("a", 3), Row("b�")]


@pytest.mark.parametrize("second", [b'{"name": 1}', b'{"name": "b"', b"[]", b"text"])
def test_wrong_json_line_is_named(second: bytes) -> None:
    with pytest.raises(UnreadableReport) as refusal:
        list(JsonLines(from_bytes(b'{"name": "a"}\n' + second, "report"), Row))
    assert refusal.value.where == "line 2"


def test_text() -> None:
    text = Text(from_bytes(b"one\r\ntwo\xff\n", "report"))
    assert list(text) == ["one", "two�"]
    assert text.read() == "one\r\ntwo�\n"


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_csv_separators(tmp_path: Path, mark: str) -> None:
    table = f'name {mark} line \n"a{mark}b"{mark}3\n{mark}\nc{mark}4\n'.encode()
    path = tmp_path / "table"
    path.write_bytes(codecs.BOM_UTF8 + table)
    wanted = [Row(f"a{mark}b", 3), Row("c", 4)]
    assert list(Csv(from_bytes(table, "report"), Row)) == wanted
    assert list(Csv(open_source(path), Row)) == wanted
    path.write_bytes(table)
    assert list(Csv(open_source(path), Row)) == wanted


def test_csv_cells_may_hold_lines_and_quotes() -> None:
    rows = list(Csv(from_bytes(b'name,line\n"a ""b""\nc",1\n', "report"), Row))
    assert rows == [Row('a "b"\nc', 1)]


def test_wrong_csv_cell_is_named() -> None:
    with pytest.raises(UnreadableReport) as refusal:
        list(Csv(from_bytes(b"name,line\na,1\nb,x\n", "report"), Row))
    assert refusal.value.where == "line 3"


def test_separator_prefers_commas() -> None:
    assert separator(b"a,b;c\nd;e;f;g") == ","
    assert separator(b"nothing") == ","


def test_xml_rows() -> None:
    document = xml(
        '<r xmlns="urn:x"><p id="1" line="7"><file>a.c</file><note>x</note><note>y</note></p><q/><p id="2">hi</p></r>'
    )
    assert list(document.each("p", row=Problem)) == [
        Problem("1", "a.c", 7, ["x", "y"]),
        Problem("2", text="hi"),
    ]
    assert len(document.root) == 3


def test_xml_from_a_large_file_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"<r>" + b'<p id="1"/>' * 50_000 + b"</r>")
    assert sum(1 for _ in Xml(open_source(path)).each("p", row=Problem)) == 50_000


def test_wrong_xml_field_is_named() -> None:
    with pytest.raises(UnreadableReport, match="in <p>") as refusal:
        list(xml('<r>\n<p id="1" line="x"/></r>').each("p", row=Problem))
    assert refusal.value.where == "line 2"


LAUGHS = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><r><p id="&b;">&b;</p></r>'
FILE = '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r><p id="1">&f;</p></r>'


@pytest.mark.parametrize("text", [LAUGHS, FILE, "<?xml version='1.0'?>" + " " * (1024 * 1024) + LAUGHS])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(text: str, encoding: str) -> None:
    with pytest.raises(UnreadableReport, match="entities"):
        list(xml(text.encode(encoding)).each("p", row=Problem))
    with pytest.raises(UnreadableReport, match="entities"):
        _ = xml(text.encode(encoding)).root


def test_document_type_without_entities_is_fine() -> None:
    assert list(xml('<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r><p id="1"/></r>').each("p", row=Problem))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["utf-8", "UTF-16", "utf-16le", "ucs-2"])
def test_declared_encoding_gives_way_to_the_real_one(encoding: str, declared: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?><r><p id="ä"/></r>'
    assert next(xml(text.encode(encoding)).each("p", row=Problem)).id == "ä"
    assert xml(text.encode(encoding)).root[0].get("id") == "ä"


def test_old_encodings_are_kept() -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?><r><p id="ä"/></r>'
    assert next(xml(text.encode("latin-1")).each("p", row=Problem)).id == "ä"


@pytest.mark.parametrize("text", ["<r><p id='1'>", "<r></p>", "<r>", "no xml", "<r>\x00</r>", "<a>" * 3000])
def test_broken_xml_is_refused(text: str) -> None:
    with pytest.raises(UnreadableReport, match="damaged or cut off"):
        list(xml(text).each("p", row=Problem))
    with pytest.raises(UnreadableReport, match="damaged or cut off"):
        _ = xml(text).root
