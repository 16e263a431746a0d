"""The example end to end by pull requests: imported, pushed to a repository over HTTP, merged, scanned again, closed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_django import Settings

from seamark.pipeline.imports import Target, import_file
from seamark.pipeline.ingest.source import Source
from seamark.pipeline.pulls import asking, repositories
from seamark.pipeline.pulls import work as worker
from seamark.store.models import Asset, Fix, Issue, PullRequest
from seamark.store.models.pulls import PullState
from tests.remediation.planner.served import Served
from tests.remediation.pulls.served import NAME, TOKEN, Forge, forge_at_home, make_repository

from .conftest import REPORTS
from .scanners import SCANNERS, program, scan


class Case(NamedTuple):
    """A fix of the example: who reports it, what it changes, how it is found."""

    tool: str
    kind: str
    title: str
    files: tuple[str, ...]
    line: str
    """Stands in the first of the files afterwards."""


CASES = (
    Case("hadolint", "configuration", "services/storefront/Dockerfile", ("services/storefront/Dockerfile",), "FROM node:22.12.0"),
    Case("zizmor", "configuration", "Correct .github/workflows/pr-preview.yml", (".github/workflows/pr-preview.yml",), f"uses: actions/checkout@{'3' * 40} # v3"),
    Case("checkov", "configuration", "aws_s3_bucket_public_access_block", ("terraform/storage.tf",), "block_public_acls       = true"),
    Case("bandit", "code", "payments.py", ("services/orders/harbour_orders/payments.py",), "timeout="),
    Case("npm", "upgrade", "minimist", ("services/storefront/package-lock.json", "services/storefront/package.json"), '"version": "4.7.7"'),
    Case("pip-audit", "upgrade", "jinja2", ("services/orders/requirements.txt",), "jinja2==2.11.3"),
)  # fmt: skip


@pytest.fixture
def forge(tree: Path, tmp_path: Path) -> Iterator[Forge]:
    files = {str(path.relative_to(tree)): path.read_text() for path in sorted(tree.rglob("*")) if path.is_file()}
    with forge_at_home(tmp_path / "far") as one:
        make_repository(one, files, tmp_path / "work")
        yield one


def take(report: Path, tree: Path) -> None:
    """Import a report as a complete scan of the main branch."""
    where = Target(application="harbour", repository="git.example/harbour/shop", ref="main", complete=True)
    import_file(report, where, source=Source.of(tree))


def reported(tool: str, tree: Path, base: str, folder: Path) -> Path:
    """Return what a scanner says of a tree: of the tool itself, else what it said when the example was made."""
    folder.mkdir()
    if program(tool) is not None:
        return scan(tool, tree, base, folder)
    kept = REPORTS / SCANNERS[tool].report
    if not kept.exists():
        pytest.skip(f"{tool} is not installed, and none of its reports is kept")
    return kept


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=[one.tool for one in CASES])
def test_from_import_to_closed(case: Case, forge: Forge, tree: Path, tmp_path: Path, served: Served, settings: Settings) -> None:  # fmt: skip
    if case.tool == "npm" and shutil.which("npm") is None:
        pytest.skip("npm is not installed, and nothing else writes its lock")
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})
    take(reported(case.tool, tree, served.base, tmp_path / "before"), tree)
    asset = Asset.objects.get(kind="repository")
    repositories.put(None, asset, forge="github", api=forge.api, remote=forge.remote, name=NAME, secrets={"token": TOKEN}, terms={"online": True})  # fmt: skip
    fix = Fix.objects.filter(kind=case.kind, title__contains=case.title).order_by("pk").first()
    assert fix is not None, list(Fix.objects.values_list("kind", "title"))
    row = pulled(fix)
    assert (row.state, row.told) == (PullState.OPEN, "")
    changed = forge.git("diff", "--name-only", "main", row.head).splitlines()
    assert changed == sorted(case.files)
    assert case.line in forge.show(row.branch, case.files[0])
    assert len(forge.pulls) == 1
    cleared = said(fix)
    after = merged(forge, row, tmp_path)
    if program(case.tool) is None:
        pytest.skip(f"{case.tool} is not installed, so that it cannot scan again; SEAMARK_TEST_SCANNERS names folders to look in")  # fmt: skip
    take(reported(case.tool, after, served.base, tmp_path / "after"), after)
    left = set(Issue.objects.filter(fix=fix, open=True).values_list("title", flat=True))
    told = forge.pulls[0]["body"]
    assert left < cleared, (left, cleared)
    # What stays was not claimed: it is told in the pull request's text, or nothing is left.
    assert not left or "Not changed" in told, (left, told)


def pulled(fix: Fix) -> PullRequest:
    row = asking.ask(None, fix)
    assert worker.work_once()
    row.refresh_from_db()
    return row


def said(fix: Fix) -> set[str]:
    return set(Issue.objects.filter(fix=fix, open=True).values_list("title", flat=True))


def merged(forge: Forge, row: PullRequest, tmp_path: Path) -> Path:
    """Merge a pull request, and return the files of the main branch."""
    forge.git("update-ref", "refs/heads/main", row.head)
    place = tmp_path / "merged"
    subprocess.run(["git", "clone", "--quiet", str(forge.bare), str(place)], check=True, capture_output=True)
    return place
