"""A shop with a vulnerable package, imported, in a repository of a forge on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from seamark.core.severity import Severity
from seamark.pipeline.pulls import repositories
from seamark.store.models import Asset, Fix, PullRepository
from tests.factories import import_findings, package

from .served import NAME, TOKEN, Forge, forge_at_home, make_repository

FILES = {
    "requirements.txt": "# pinned\r\njinja2==2.10  # templates\r\nrequests==2.31.0\r\n",
    "tests/test_shop.py": "def test_shop() -> None:\n    assert 1 + 1 == 2\n",
    ".gitattributes": "* text=auto eol=lf\n",
}
CVE = "CVE-2026-0001"


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with forge_at_home(tmp_path / "far") as one:
        make_repository(one, FILES, tmp_path / "work")
        yield one


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return the folder of somebody who works on the repository too."""
    return tmp_path / "work"


def report(*findings: object) -> None:
    """Import what a scanner says of the shop; without findings that it finds nothing any more."""
    import_findings("shop", "Scanner", findings)  # type: ignore[arg-type]


def flaw(version: str = "2.10", fixed: str = "2.10.1") -> object:
    return package(
        CVE, "pypi/jinja2", version, fixed, Severity.HIGH, 8.1, "Sandbox escape by @everyone ![x](http://evil)"
    )


@pytest.fixture
def repository(db: None, forge: Forge, settings: Settings) -> PullRepository:
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})
    report(flaw())
    asset = Asset.objects.get(kind="repository")
    return repositories.put(
        None, asset, forge="github", api=forge.api, remote=forge.remote, name=NAME, secrets={"token": TOKEN},
        terms={"reviewers": ["ada"]},
    )  # fmt: skip


@pytest.fixture
def fix(repository: PullRepository) -> Fix:
    return Fix.objects.get(kind="upgrade")
