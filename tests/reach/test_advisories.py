"""OSV records: packages, paths and symbols."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seamark.core.errors import SeamarkError
from seamark.intake.reach.advisories import plain_symbol, read_advisories, targets
from seamark.intake.reach.model import Target


def record(ecosystem: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": "X-1", "affected": [{"package": {"ecosystem": ecosystem, "name": name}, **more}]}


def test_go_imports() -> None:
    imports = [
        {"path": "a.example/m/p", "symbols": ["Decoder.Decode", "Parse"]},
        {"path": "a.example/m/q", "symbols": ["Q"]},
    ]
    assert list(targets([record("Go", "a.example/m", ecosystem_specific={"imports": imports})])) == [
        Target(
            ecosystem="golang",
            name="a.example/m",
            advisory="X-1",
            symbols=("Decoder.Decode", "Parse", "Q"),
            paths=("a.example/m/p", "a.example/m/q"),
        )
    ]


def test_a_package_without_symbols_is_affected_as_a_whole() -> None:
    imports = [{"path": "a.example/m/p", "symbols": ["Parse"]}, {"path": "a.example/m/q"}]
    (found,) = targets([record("Go", "a.example/m", ecosystem_specific={"imports": imports})])
    assert found.symbols == ()


@pytest.mark.parametrize("key", ["ecosystem_specific", "database_specific"])
def test_affected_functions(key: str) -> None:
    (found,) = targets(
        [record("PyPI", "PyYAML", **{key: {"affected_functions": ["yaml.load", "(yaml.loader).Loader.get()"]}})]
    )
    assert found.symbols == ("yaml.load", "yaml.loader.Loader.get")


def test_functions_of_the_whole_record() -> None:
    told = {**record("npm", "lodash"), "database_specific": {"affected_functions": ["template"]}}
    assert [each.symbols for each in targets([told])] == [("template",)]


def test_a_symbol_that_cannot_be_read_leaves_none() -> None:
    (found,) = targets([record("npm", "x", ecosystem_specific={"affected_functions": ["parse", "a b c", 7]})])
    assert found.symbols == ()


@pytest.mark.parametrize(
    ("written", "plain"),
    [("A::b", "A.b"), ("A#b(int)", "A.b"), ("(*Decoder).Decode", "Decoder.Decode"), ("two words", ""), ("", "")],
)
def test_symbols_in_other_spellings(written: str, plain: str) -> None:
    assert plain_symbol(written) == plain


def test_what_is_left_out() -> None:
    told = [
        None,
        {"affected": 3},
        {"affected": [3, {"package": 1}]},
        record("crates.io", "x"),
        {**record("PyPI", "x"), "withdrawn": "2024"},
    ]
    assert list(targets(told)) == []


def test_packages_by_purl() -> None:
    told = {"id": "X", "affected": [{"package": {"purl": "pkg:maven/org.acme/thing", "name": "thing"}}]}
    assert [each.name for each in targets([told])] == ["org.acme:thing"]


def test_files_and_folders(tmp_path: Path) -> None:
    one, two = record("PyPI", "one"), record("npm", "two")
    (tmp_path / "a.json").write_text(json.dumps(one), "utf-8")
    (tmp_path / "b.jsonl").write_text(f"{json.dumps(one)}\n{json.dumps(two)}\n", "utf-8")
    assert [each.name for each in read_advisories(tmp_path)] == ["one", "two"]
    (tmp_path / "list.json").write_text(json.dumps({"vulns": [two]}), "utf-8")
    assert [each.name for each in read_advisories(tmp_path / "list.json")] == ["two"]
    (tmp_path / "broken.json").write_text("{", "utf-8")
    for broken in (tmp_path, tmp_path / "broken.json"):
        with pytest.raises(SeamarkError, match=r"broken\.json holds no OSV records"):
            read_advisories(broken)
    with pytest.raises(SeamarkError, match="cannot be read"):
        read_advisories(tmp_path / "absent.json")
