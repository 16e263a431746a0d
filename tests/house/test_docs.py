"""The documentation that is derived from the code says what the code says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from seamark import __version__
from seamark.core.kind import Kind
from seamark.intake.parsers.kit.registry import parsers
from seamark.interfaces.cli.main import COMMANDS
from seamark.site.options import OPTIONS
from tests.parsers.samples import all_samples
from tests.support import docs
from tests.support.docs import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_the_code_gives(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "run `python -m tests.support.docs`, and look at the diff"


def test_pages_name_everything() -> None:
    pages = {name: page() for name, page in PAGES.items()}
    assert all(f"`{one.name}`" in pages["settings.md"] and one.sentence.endswith(".") for one in OPTIONS)
    assert all(f"\n## seamark {name}\n" in pages["cli.md"] for name in COMMANDS)
    assert all(f"\n| `{name}` |" in pages["formats.md"] for name in parsers())


def test_every_kind_has_its_place_among_the_formats() -> None:
    assert set(docs.KINDS) == set(Kind)


def test_formats_that_are_not_read_have_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tomllib.loads((DOCS / "formats-unread.toml").read_text("utf-8"))
    assert [name for name, entry in told.items() if not entry["reason"].endswith(".")] == []
    (tmp_path / "formats-unread.toml").write_text('["Old | tool"]\nreason = "Dead since 2015."\n', "utf-8")
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    assert docs.formats().endswith("## Not read\n\n| format | why |\n|---|---|\n| Old \\| tool | Dead since 2015. |\n")


def test_secrets_have_no_default_in_the_docs() -> None:
    assert all(not one.default for one in OPTIONS if one.secret)


def test_every_parser_says_where_its_reports_come_from() -> None:
    assert [one.name for one in parsers().values() if not (one.url or one.made_with)] == []
    assert {sample.format for sample in all_samples()} == set(parsers())


def test_changelog_speaks_of_this_version() -> None:
    changelog = (DOCS.parent / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", changelog, re.MULTILINE)


def test_navigation_and_pages_match() -> None:
    told = set(re.findall(r"(\S+\.md)$", (DOCS.parent / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    assert {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} == told
