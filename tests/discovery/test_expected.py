"""Discovery against lists that were made by reading the files: the example here, three real repositories by `tests.discovery.compare`."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import Discovery
from seamark.intake.discovery.discover import discover

from .compare import REPOSITORY, compare, main, read_expected, told

HARBOUR = Path(__file__).resolve().parents[2] / "examples" / "harbour"
LISTS = Path(__file__).parent / "expected"


@pytest.fixture(scope="module")
def harbour() -> Discovery:
    return discover(HARBOUR, REPOSITORY)


def test_the_example_is_found_whole(harbour: Discovery) -> None:
    expected = read_expected((LISTS / "harbour.txt").read_text("utf-8"))
    assets, relations = told(harbour)
    assert expected.assets - assets == set()
    assert expected.relations - relations == set()
    assert {each for each in assets - expected.assets if each[0] in expected.whole} == set()
    assert harbour.troubles == ()


def test_the_chain_from_package_to_data_needs_no_hand(harbour: Discovery) -> None:
    """Package → service → image → workload → domain, and → data store → data class, each step from a file."""
    _, edges = told(harbour)
    for step in (
        ("services/orders", "depends_on", "pkg:pypi/pyyaml@5.3.1"), ("images.shop.example/harbour/orders", "built_from", "services/orders"),
        ("harbour/Deployment/orders", "runs", "images.shop.example/harbour/orders"), ("api.shop.example", "exposes", "harbour/Deployment/orders"),
        ("services/orders", "writes", "terraform#aws_db_instance.orders"), ("terraform#aws_db_instance.orders", "handles", "PII"),
    ):  # fmt: skip
        assert step in edges
    assert all(each.at and 0 < each.confidence <= 1 for each in harbour.relations)
    files = {path.relative_to(HARBOUR).as_posix() for path in HARBOUR.rglob("*") if path.is_file()}
    said = {
        each.at.rpartition(":")[0] if each.at.rpartition(":")[2].isdecimal() else each.at for each in harbour.relations
    }
    assert said <= files


def test_lists_of_real_repositories_can_be_read() -> None:
    for path in sorted(LISTS.glob("*.txt")):
        found = read_expected(path.read_text("utf-8"))
        assert len(found.assets) > 60, path
        assert {"service", "manifest", "pipeline", "endpoint"} <= set(found.whole), path
    with pytest.raises(ValueError, match="neither"):
        read_expected("nonsense here\n")


def test_misses_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "app.py").write_text("from flask import Flask\nFlask(__name__)\n", "utf-8")
    (tmp_path / "list.txt").write_text("# x\nkinds: service\nservice gone\nrepository contains .\n", "utf-8")
    assert main([str(tmp_path / "tree"), str(tmp_path / "list.txt")]) == 1
    out = capsys.readouterr().out
    assert "    missed: service gone\n" in out
    assert "    beyond: service .\n" in out
    (tmp_path / "list.txt").write_text("service .\nrepository contains .\n", "utf-8")
    rows, enough = compare(
        discover(tmp_path / "tree", REPOSITORY), read_expected((tmp_path / "list.txt").read_text("utf-8"))
    )
    assert (enough, rows[1].split()) == (True, ["service", "1", "1", "100.0%"])
    assert main([]) == 2
