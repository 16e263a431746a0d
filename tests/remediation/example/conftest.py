"""The example in a folder of its own, with registries at home."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tests.remediation.planner.served import Served, registry_at_home

from .market import fill
from .shop import forge, harbour, inventory, repository  # noqa: F401 - fixtures

EXAMPLE = ROOT / "examples" / "harbour"
REPORTS = EXAMPLE / "reports" / "2026-06-01"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "harbour"
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("reports", "history"))
    return place


@pytest.fixture
def served(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve registries, and say to all clients where they are."""
    home = tmp_path / "home"
    home.mkdir()
    with registry_at_home() as found:
        fill(found, json.loads((tree / "services/storefront/package-lock.json").read_text()))
        (home / ".npmrc").write_text(f"registry={found.base}/\n")
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        monkeypatch.setenv("SEAMARK_REGISTRIES", ",".join(f"{one}={found.base}" for one in ("npm", "pypi", "images", "actions")))  # fmt: skip
        monkeypatch.setenv("SEAMARK_INTERNAL_HOSTS", "127.0.0.1")
        yield found
