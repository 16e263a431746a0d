"""A model on this machine, and a shop with a flaw in its code in a repository of a forge on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from seamark.pipeline.pulls import repositories
from seamark.response.remediation.model_patches import diff
from seamark.store.models import Asset, Issue, PullRepository
from tests.factories import code, import_findings
from tests.remediation.pulls.served import NAME, TOKEN, Forge, forge_at_home, make_repository

from .served import Model, model_at_home

HERE = "src/app.py"
APP = '''import subprocess


def digest(data: bytes) -> str:
    """Return a digest."""
    return str(len(data))


def run(name: str) -> int:
    """Run something."""
    login("ada", password="hunter2!")
    return subprocess.call("tar xf " + name, shell=True)
'''
MENDED = APP.replace('subprocess.call("tar xf " + name, shell=True)', "unpack(name)")
"""What no scanner of the tests reports any more."""
FILES = {HERE: APP, "tests/test_app.py": "def test_app() -> None:\n    assert 1 + 1 == 2\n"}


def hidden(text: str) -> str:
    """Return a text as the model sees it."""
    return text.replace("hunter2!", "SEAMARK_REDACTED_1_")


GOOD = "Sure!\n```diff\n" + diff.write(HERE, hidden(APP), hidden(MENDED)) + "```\n"


def report(tool: str = "Ruff", *, also: bool = False) -> None:
    """Import what a scanner says of the shop."""
    found = [code("S602", "shell=True in a call", HERE, 12, cwe=78, scope="run")]
    found += [code("S999", "Something else", HERE, 10, cwe=20, scope="run")] if also else []
    import_findings("shop", tool, found)


@pytest.fixture
def model() -> Iterator[Model]:
    with model_at_home() as one:
        yield one


@pytest.fixture
def configured(model: Model, settings: Settings) -> Model:
    """Return the model, set up."""
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})
    settings.SEAMARK_MODEL_URL, settings.SEAMARK_MODEL_NAME, settings.SEAMARK_MODEL_KEY = model.url, "small", "k"
    settings.SEAMARK_MODEL_SECONDS = 5
    model.says(GOOD)
    return model


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with forge_at_home(tmp_path / "far") as one:
        make_repository(one, FILES, tmp_path / "work")
        yield one


def keep_repository(forge: Forge, **more: object) -> PullRepository:
    asset = Asset.objects.get(kind="repository")
    return repositories.put(
        None, asset, forge="github", api=forge.api, remote=forge.remote, name=NAME, secrets={"token": TOKEN}, **more  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def repository(db: None, forge: Forge, configured: Model) -> PullRepository:
    report()
    return keep_repository(forge)


@pytest.fixture
def issue(repository: PullRepository) -> Issue:
    return Issue.objects.get()
