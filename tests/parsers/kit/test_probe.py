"""What a look at a report's structure tells."""

from __future__ import annotations

import pytest

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.probe import (
    MISSING,
    Probe,
    csv_header,
    json_lines,
    json_object,
    json_rows,
    text_start,
    xml_root,
)
from seamark.intake.parsers.kit.source import from_bytes


def probe(data: str | bytes) -> Probe:
    return Probe(from_bytes(data if isinstance(data, bytes) else data.encode(), "report"))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        ("  {}", "json"), ("[1]", "json"), ('{\n"a": 1}\n', "json"), ('{"a": 1}\n{"b": 2}', "json lines"),
        ('{"a": 1}\n\n  {"b": 2}\n', "json lines"), ('{"a": 1}\n[2]', "json"), ('{"a": NaN}\n{"b": 2}', "json lines"),
        ("<a/>", "xml"), ("a,b\n1,2", "csv"), ("a;b", "csv"), ("words", "text"),
    ],
)  # fmt: skip
def test_form(data: str, form: str) -> None:
    assert probe(data).form == form


def test_paths() -> None:
    look = probe('{"runs": [{"tool": {"name": "x"}, "n": null}], "7": {"a": 1}}')
    assert look.get("runs.0.tool.name") == "x"
    assert look.get("runs.0.n") is None
    assert look.has("runs.0.n")
    assert look.get("runs.1.n") is MISSING
    assert look.get("runs.tool") is MISSING
    assert not look.has("runs.0.tool.name.first")
    assert not MISSING
    assert look.keys == {"runs", "7"}


def test_first_and_empty() -> None:
    assert probe('[{"a": 1}, {"b": 2}]').first == {"a"}
    assert probe("[]").first == probe("[1]").first == probe("{}").first == probe("<a/>").keys == frozenset()
    assert probe(" [ \n ]").is_empty_array
    assert not probe("[[]]").is_empty_array


def test_claims_of_json() -> None:
    look = json_object("a", "b.c", where=lambda probe: probe.get("a") == 1)
    assert look(probe('{"a": 1, "b": {"c": 0}}'))
    for other in ('{"a": 2, "b": {"c": 0}}', '{"a": 1, "b": {}}', '{"b": {"c": 0}}', '[{"a": 1}]', "<a/>", "a,b.c"):
        assert not look(probe(other))
    rows = json_rows("a")
    assert rows(probe('[{"a": 1}]'))
    assert not any(rows(probe(other)) for other in ('{"a": 1}', "[]", '[{"b": 1}]', '{"a": 1}\n{"a": 2}'))
    lines = json_lines("a", "b.c")
    assert lines(probe('{"a": 1, "b": {"c": 1}}\n{}'))
    assert lines(probe('{"a": 1, "b": {"c": 1}}'))
    assert not any(lines(probe(other)) for other in ('{"a": 1}\n{"a": 1}', '[{"a": 1, "b": {"c": 1}}]', "a"))


def test_claims_of_other_forms() -> None:
    assert xml_root("r", namespace="x.org/")(probe('<?xml version="1.0"?><!-- c --><r xmlns="http://x.org/1"/>'))
    assert not any(
        xml_root("r", namespace="x.org/")(probe(other)) for other in ("<r/>", '<s xmlns="http://x.org/1"/>', "<<", "{}")
    )
    assert csv_header("Name", "line")(probe('"NAME" ; Line;x\n1;2;3'))
    assert not csv_header("name", "file")(probe("name,line\n"))
    assert text_start("Result:")(probe("Hello\nResult: 1"))
    assert not text_start("Result:")(probe("The Result: 1"))


@pytest.mark.parametrize("data", ['{"a": ', '{"a": NaN}', b'{"\xff": 1}', '{"a" 1}', "[" * 100_000])
def test_damage_is_a_sentence(data: str | bytes) -> None:
    look = probe(data)
    with pytest.raises(UnreadableReport):
        look.get("0" if look.is_array else "a")
