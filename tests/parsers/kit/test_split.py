"""Splitting a large JSON file must change nothing about what it says."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit import split as splitting
from seamark.intake.parsers.kit.rows import Reading
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.parsers.kit.split import Split, beginning

PATHS = ("[]", "runs[].results", "results", "a.b.rows", "[].items")

text = st.text(alphabet=st.sampled_from('ab"\\{}[]:,\n é§u0/'), max_size=12)
keys = st.sampled_from(["runs", "results", "a", "b", "rows", "items", 'q"', "\\", "x" * 210, "{"]) | text
values = st.recursive(
    st.none() | st.booleans() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=25,
)
objects = st.lists(st.dictionaries(keys, values, max_size=3), max_size=5)
documents = (
    values
    | objects
    | st.builds(lambda rows: {"results": rows}, objects)
    | st.builds(lambda runs: {"runs": [{"tool": 1, "results": rows} for rows in runs]}, st.lists(objects, max_size=3))
    | st.builds(lambda rows: {"a": {"x": [], "b": {"rows": rows}}}, objects)
    | st.builds(lambda rows: [{"items": rows}, {"n": {}, "items": rows}], objects)
)


def whole(split: Split) -> Any:
    """Put the lifted rows back where they were taken from."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            if (
                set(value) == {"§"}
                and (rows := split.lifted(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()))
                is not None
            ):
                return [json.loads(bytes(row)) for row in rows]
            return {key: filled(inner) for key, inner in value.items()}
        return [filled(inner) for inner in value] if isinstance(value, list) else value

    return filled(json.loads(split.skeleton))


def mixed(value: Any) -> bool:
    """Tell whether a list holds plain values among rows, which is refused when it is read."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    rows = [isinstance(row, dict | list) for row in inner]
    return (isinstance(value, list) and any(rows) and not all(rows)) or any(mixed(row) for row in inner)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "_SMALLEST", 1)


@given(
    document=documents,
    indent=st.sampled_from([None, 1]),
    window=st.sampled_from([3, 7, 64, 4096]),
    leap=st.sampled_from([5, 40, 4096]),
    ascii_only=st.booleans(),
)
@settings(max_examples=400)
def test_what_is_split_is_whole(document: Any, indent: int | None, window: int, leap: int, ascii_only: bool) -> None:
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splitting, "_SMALLEST", 1)
        patch.setattr(splitting, "_WINDOW", window)
        patch.setattr(splitting, "_LEAP", leap)
        patch.setattr(splitting, "_LONG_RUN", 2)
        split = Split(data, PATHS)
        json.loads(split.sample())
        if not mixed(document):
            assert whole(split) == document


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([{"n": 1}, {"n": 2}], "[]"),
        ({"results": [{"n": 1}]}, "results"),
        ({"runs": [{"tool": {"rules": [{}]}, "results": [{"n": 1}]}, {"results": [{"n": 2}]}]}, "runs[].results"),
        ({"a": {"b": {"rows": [[1], [2]]}}}, "a.b.rows"),
        ([{"items": [{"n": 1}]}], "[].items"),
    ],
)
def test_rows_at_the_path_are_lifted(document: Any, path: str) -> None:
    split = Split(json.dumps(document).encode(), (path,))
    assert split.paths == {path}
    assert b'"n"' not in split.skeleton


@pytest.mark.usefixtures("small")
def test_same_key_elsewhere_is_left_alone() -> None:
    split = Split(json.dumps({"x": {"results": [{"n": 1}]}, "results": {"results": [{"n": 2}]}}).encode(), ("results",))
    assert not split.paths


@pytest.mark.usefixtures("small")
def test_lists_of_other_things_stay() -> None:
    split = Split(b'{"results": ["a", {"n": 1}], "a": {"b": {"rows": [{"n": 1}, 7]}}}', PATHS)
    assert not split.paths


@pytest.mark.usefixtures("small")
def test_other_things_between_rows_are_refused() -> None:
    split = Split(b'{"results": [{"n": 1}, null, {"n": 2}]}', ("results",))
    raw = msgspec.json.decode(split.skeleton, type=dict[str, msgspec.Raw])["results"]
    with pytest.raises(UnreadableReport, match="no object"):
        list(split.lifted(raw) or ())


@pytest.mark.usefixtures("small")
def test_placeholders_of_others_are_only_data() -> None:
    data = '{"results": [{"n": 1}], "other": {"§":7}, "more": {"§":0,"x":1}}'.encode()
    split = Split(data, ("results",))
    assert json.loads(split.sample())["other"] == {"§": 7}
    assert split.lifted('{"§":7}'.encode()) is None
    assert split.lifted(b'{"other": 1}') is None


@pytest.mark.parametrize("indent", [None, 1])
def test_rows_are_taken_in_runs(monkeypatch: pytest.MonkeyPatch, indent: int | None) -> None:
    """Rows that begin alike are leapt over together, whatever stands inside of them, and end where the list does."""
    monkeypatch.setattr(splitting, "_WINDOW", 500)
    monkeypatch.setattr(splitting, "_LEAP", 400)
    rows = [{"n": at, "in": [{"n": 0}, {"n": '}, {"n": 1'}], "x": "\\" * (at % 4)} for at in range(9000)]
    rows[4000]["in"] = [{"n": 1, "y": "z" * 5000}]
    document = {"results": rows, "other": [{"n": 1}, {"n": 2}]}
    split = Split(json.dumps(document, indent=indent).encode(), ("results",))
    assert whole(split) == document
    pieces = list(split.runs('{"§":0}'.encode()) or ())
    assert 1 < len(pieces) < len(rows) / 2
    assert [row for piece in pieces for row in json.loads(piece)] == rows


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b'{"a": [{"b": 1}, {"c": "}"', b'{"a": [{"b": 1}]}'),
        (b'[[1, 2], {"x": "]', b"[[1, 2]]"),
        (b'{"a": {}}', b'{"a": {}}'),
        (b'{"a": 1', None),
        (b"[{]", None),
        (b"}", None),
    ],
)
def test_beginning_of_a_text_is_closed(data: bytes, shown: bytes | None) -> None:
    assert beginning(data) == shown


def test_beginning_is_short() -> None:
    data = json.dumps({"rows": [{"n": number} for number in range(100_000)]}).encode()
    head = beginning(data)
    assert head is not None
    assert len(head) < len(data) / 5
    assert json.loads(head)["rows"][7] == {"n": 7}


@pytest.mark.parametrize(
    "data", [b'{"results": [{"a": 1}', b'{"results": [{"a": "x]}', b'{"results": []}}', b'{"results": [{}, {}}}']
)
def test_broken_brackets_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableReport):
        Split(data, ("results",))


def test_million_backslashes_are_no_trouble() -> None:
    document = {"results": [{"n": "\\" * 1_000_000 + '"'}, {"n": "\\" * 999_999}]}
    split = Split(json.dumps(document).encode(), ("results",))
    assert whole(split) == document


class Numbered(msgspec.Struct):
    n: int


@pytest.mark.usefixtures("small")
def test_reading_names_the_wrong_row() -> None:
    data = b'{"results": [{"n": 1}, {"n": "two"}]}'
    split = Split(data, ("results",))
    reading = Reading(from_bytes(data, "report"), split)
    raw = msgspec.json.decode(split.skeleton, type=dict[str, msgspec.Raw])["results"]
    assert reading.streams(raw)
    rows = reading.rows(raw, Numbered, "$.results")
    assert next(rows).n == 1
    with pytest.raises(UnreadableReport) as refusal:
        next(rows)
    assert refusal.value.where == "$.results[1].n"


@pytest.mark.usefixtures("small")
def test_reading_repairs_a_row() -> None:
    data = b'{"results": [{"n": 1, "x": NaN}, {"n": 2, "x": "\xff"}]}'
    split = Split(data, ("results",))
    raw = msgspec.json.decode(split.skeleton, type=dict[str, msgspec.Raw])["results"]
    assert [row.n for row in Reading(from_bytes(data, "report"), split).rows(raw, Numbered)] == [1, 2]
