"""The command line with mapping files: propose one, try it, import by it, have a folder of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from seamark.core.errors import ImportRefused
from seamark.intake.parsers.kit.folder import use
from seamark.pipeline.imports import accept, import_file, work_once
from seamark.pipeline.target import Target, format_of
from seamark.store.models import Import, Issue
from seamark.store.models.work import ImportState

from .conftest import Command
from .reports import as_bytes

ROWS = [
    {"headline": "Weak hash", "risk": "high", "file": "src/a.py", "lineNo": 3, "note": "n"},
    {"headline": "No lock", "risk": "low", "file": "src/b.py", "lineNo": 5},
]
REPORT = as_bytes({"acme_version": "1", "hits": ROWS})
MAPPING = """name: acme
tool: Acme
kind: code
format: json
rows: hits[*]
recognise: {keys: [acme_version, hits]}
fields: {title: headline, severity: risk, path: file, line: lineNo}
"""


@pytest.fixture(autouse=True)
def no_folder() -> Iterator[None]:
    yield
    use(None)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(MAPPING, "utf-8")
    return path


Report = Callable[..., Path]


def test_propose_and_try(seamark: Command, report: Report, tmp_path: Path) -> None:
    path, target = report(REPORT), tmp_path / "new.yaml"
    shown = seamark("mapping", "new", path, "--name", "Acme Scan")
    assert shown.code == 0
    assert "name: acme-scan\n" in shown.out
    assert seamark("mapping", "new", path, "--output", target, "--name", "Acme Scan")[:2] == (0, "")
    assert target.read_text("utf-8") == shown.out
    again = seamark("mapping", "new", path, "--output", target)
    assert (again.code, "there already" in again.err) == (1, True)
    tried = seamark("mapping", "test", target, path)
    assert tried.code == 0
    assert "2 findings by Acme Scan" in tried.out
    assert "src/a.py:3" in tried.out
    assert tried.err == "unread: note\n"


def test_what_could_not_be_guessed_is_told(seamark: Command, report: Report) -> None:
    result = seamark("mapping", "new", report(as_bytes([{"name": "x", "risk": "7"}])))
    assert "not guessed: where the findings are" in result.err
    assert "see severity_map" in result.err


def test_as_lines(seamark: Command, report: Report, mapping: Path) -> None:
    result = seamark("mapping", "test", mapping, report(REPORT), "--json")
    first, second = map(json.loads, result.out.splitlines())
    assert (first["title"], first["severity"], first["tool"], first["format"]) == (
        "Weak hash",
        "high",
        "Acme",
        "mapping:acme",
    )
    assert second["location"] == {"place": "code", "path": "src/b.py", "line": 5}


@pytest.mark.parametrize(
    "words", [("mapping", "test"), ("read", "--mapping"), ("import", "--application", "x", "--mapping")]
)
def test_wrong_mapping_files(seamark: Command, report: Report, tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(MAPPING.replace("kind: code", "kind: odd"), "utf-8")
    result = seamark(*words, path, report(REPORT))
    assert (result.code, result.out) == (2, "")
    assert "'odd' (kind) at line 3" in result.err
    missing = seamark(*words, tmp_path / "none.yaml", report(REPORT))
    assert (missing.code, "cannot be read" in missing.err) == (2, True)


def test_reports_that_cannot_be_mapped(seamark: Command, report: Report, mapping: Path) -> None:
    assert seamark("mapping", "new", report(b"no table at all")).code == 2
    assert seamark("mapping", "new", report(b"")).code == 2
    foreign = seamark("mapping", "test", mapping, report(as_bytes({"acme_version": "1", "hits": [{"risk": "odd"}]})))
    assert (foreign.code, "at $.hits[0]" in foreign.err) == (2, True)


def test_read_by_a_mapping(seamark: Command, report: Report, mapping: Path) -> None:
    result = seamark("read", "--mapping", mapping, report(REPORT))
    assert (result.code, "2 findings by Acme" in result.out) == (0, True)
    both = seamark("read", "--mapping", mapping, "--format", "bandit", report(REPORT))
    assert (both.code, "exclude each other" in both.err) == (2, True)
    assert seamark("read", report(REPORT)).code == 3


def test_a_folder_of_mappings(seamark: Command, report: Report, mapping: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAMARK_MAPPINGS", str(mapping.parent))
    assert "2 findings by Acme" in seamark("read", report(REPORT)).out
    assert "mapping:acme" in seamark("formats", "--json").out
    mapping.write_text("name: [", "utf-8")
    broken = seamark("read", report(REPORT))
    assert (broken.code, "acme.yaml cannot be used" in broken.err) == (1, True)


@pytest.mark.django_db
class TestImport:
    def test_by_a_mapping(self, seamark: Command, report: Report, mapping: Path) -> None:
        result = seamark("import", report(REPORT), "--mapping", mapping, "--application", "Shop", "--json")
        assert (result.code, json.loads(result.out)["new"]) == (0, 2)
        assert {issue.title for issue in Issue.objects.all()} == {"Weak hash", "No lock"}
        both = seamark("import", report(REPORT), "--mapping", mapping, "--format", "x", "--application", "Shop")
        assert (both.code, "exclude each other" in both.err) == (2, True)

    def test_queued_with_its_mapping(self) -> None:
        queued = accept(BytesIO(REPORT), "r.json", Target(application="Shop", mapping=MAPPING))
        assert work_once()
        done = Import.objects.get(pk=queued.pk)
        assert (done.state, done.result["findings"], done.target["mapping"]) == (ImportState.DONE, 2, MAPPING)

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"mapping": "a: ["}, "mapping cannot be used: Not YAML"),
            ({"mapping": MAPPING, "format": "bandit"}, "not by both"),
        ],
    )
    def test_wrong_mappings_are_refused_before_anything_is_stored(
        self, report: Report, more: dict[str, str], words: str
    ) -> None:
        target = Target(application="Shop", **more)
        with pytest.raises(ImportRefused, match=words):
            accept(BytesIO(REPORT), "r.json", target)
        with pytest.raises(ImportRefused, match=words):
            import_file(report(REPORT), target)
        assert not Import.objects.exists()


def test_what_a_target_is_read_as() -> None:
    assert format_of(Target(application="x", format="bandit")) == "bandit"
    read_as = format_of(Target(application="x", mapping=MAPPING))
    assert not isinstance(read_as, str)
    assert read_as.name == "mapping:acme"
