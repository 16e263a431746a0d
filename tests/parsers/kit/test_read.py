"""Reading a report from its first byte to its last item: large files, failures, runs."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation
from seamark.core.report import Run
from seamark.core.severity import Severity
from seamark.intake.parsers.kit import read as reading_module
from seamark.intake.parsers.kit import split as splitting
from seamark.intake.parsers.kit.probe import json_object
from seamark.intake.parsers.kit.read import ParserBug, open_bytes, open_report
from seamark.intake.parsers.kit.registry import Parser, Variant
from seamark.intake.parsers.kit.rows import Reading


class Row(msgspec.Struct):
    id: str
    line: int = 1


class Report(msgspec.Struct):
    rows: msgspec.Raw
    own: str = ""


def read_rows(report: Report, reading: Reading) -> Iterator[Run | Finding]:
    if report.own:
        yield Run(tool=report.own)
    for row in reading.rows(report.rows, Row, "$.rows"):
        if row.id == "bug":
            raise KeyError(row.id)
        if row.id == "deep":
            raise RecursionError
        yield Finding(
            rule=row.id, title=row.id, severity=Severity.LOW, location=CodeLocation(path="./a", line=row.line)
        )


def read_list(rows: list[Row]) -> Iterator[Finding]:
    for row in rows:
        yield Finding(rule=row.id, title=row.id, severity=Severity.LOW)


@pytest.fixture(autouse=True)
def two_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = json_object("rows")
    rows = Parser(
        "rows", "Rows", Kind.WEB, "rows --json", variants=[Variant(read_rows, looks, Report, True, ("rows",))]
    )
    listed = Parser(
        "listed", "Listed", Kind.CODE, "listed",
        variants=[Variant(read_list, lambda probe: "id" in probe.first, list[Row], False, ("[]",))],
    )  # fmt: skip
    both = Parser(
        "both", "Both", Kind.CODE, "both", variants=[Variant(read_rows, json_object("rows", "twice"), Report, True)]
    )
    monkeypatch.setattr(reading_module, "parsers", lambda: {"rows": rows, "listed": listed, "both": both})


def rules(data: bytes, format: str = "auto") -> list[str]:
    return [item.rule for item in open_bytes(data, format=format).items() if isinstance(item, Finding)]


def test_run_comes_first_and_findings_are_tidied() -> None:
    items = list(open_bytes(b'{"rows": [{"id": "x"}]}').items())
    assert items[0] == Run(tool="Rows")
    assert items[1] == Finding(
        rule="x", title="x", severity=Severity.LOW, kind=Kind.WEB, location=CodeLocation(path="a", line=1)
    )
    assert list(open_bytes(b'{"rows": []}').items()) == [Run(tool="Rows")]
    assert list(open_bytes(b'{"rows": null, "own": "Own"}').items()) == [Run(tool="Own")]


@pytest.mark.parametrize("large", [False, True])
def test_large_files_read_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, large: bool) -> None:
    if large:
        monkeypatch.setattr(reading_module, "LARGE", 10)
        monkeypatch.setattr(splitting, "_SMALLEST", 1)
    many = [{"id": f"r{number}", "x": {"y": ["]}"]}} for number in range(500)]
    wanted = [row["id"] for row in many]
    assert rules(json.dumps({"own": "x", "rows": many}).encode()) == wanted
    assert rules(json.dumps(many).encode()) == wanted
    assert rules(json.dumps(many).encode(), "listed") == wanted
    assert rules(b" " + json.dumps(many, indent=1).encode() + b"\n") == wanted
    path = tmp_path / "report"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"rows": many}).encode())
    assert [item.rule for item in open_report(path).items() if isinstance(item, Finding)] == wanted
    with pytest.raises(UnreadableReport) as refusal:
        rules(json.dumps({"rows": [*many, {"id": 1}]}).encode())
    assert refusal.value.where == "$.rows[500].id"
    with pytest.raises(UnreadableReport):
        rules(json.dumps({"rows": many}).encode()[:-3])


def test_large_files_are_told_by_their_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "LARGE", 10)
    monkeypatch.setattr(splitting, "_SMALLEST", 1)
    wanted: list[tuple[str, ...]] = []
    splits = splitting.Split

    def split(data: bytes, paths: tuple[str, ...]) -> splitting.Split:
        wanted.append(paths)
        return splits(data, paths)

    monkeypatch.setattr(reading_module, "Split", split)
    assert rules(b'[{"id": "x"}, {"id": "y"}]') == ["x", "y"]
    assert wanted == [("[]",)]
    assert rules(b'{"own": "a", "rows": [{"id": "x"}], "twice": 1}', "both") == ["x"]
    wanted.clear()
    with pytest.raises(UnknownFormat):
        rules(b'{"own": "a", "nothing": [{"id": "x"}]}')
    assert wanted == [("[]", "rows")]


def test_repairs() -> None:
    assert rules(b'{"rows": [{"id": "\xff", "x": NaN}]}') == ["\ufffd"]
    assert rules(b'[{"id": "\\ud800", "x": Infinity}]') == ["\ufffd"]


def test_failures_are_sentences() -> None:
    for data, sentence in (
        (b'{"rows": [{"id": "deep"}]}', "nested too deeply"),
        (b'{"rows": {"id": 1}}', "array"),
        (b'{"rows": [{"id": "x"}', "cut off"),
    ):
        with pytest.raises(UnreadableReport, match=sentence) as refusal:
            rules(data)
        assert not isinstance(refusal.value, ParserBug)
    with pytest.raises(ParserBug, match="KeyError"):
        rules(b'{"rows": [{"id": "bug"}]}')


def test_recognition() -> None:
    with pytest.raises(UnknownFormat) as several:
        open_bytes(b'{"rows": [], "twice": 1}')
    assert several.value.candidates == ("rows", "both")
    assert open_bytes(b'{"rows": [], "twice": 1}', format="both").parser.name == "both"
    with pytest.raises(UnreadableReport, match="not a report of Listed; it looks like Rows"):
        open_bytes(b'{"rows": []}', format="listed")
    assert rules(b"[]", "listed") == []
    with pytest.raises(UnknownFormat, match="its keys: a, b"):
        open_bytes(b'{"a": 1, "b": 2}')
    with pytest.raises(UnknownFormat, match="root <r>"):
        open_bytes(b"<r/>")


def test_garbage_collection_is_switched_back_on() -> None:
    assert gc.isenabled()
    items = open_bytes(b'{"rows": [{"id": "a"}, {"id": "b"}]}').items()
    next(items)
    assert not gc.isenabled()
    items.close()
    assert gc.isenabled()
    with pytest.raises(UnreadableReport):
        rules(b'{"rows": [{}]}')
    assert gc.isenabled()
