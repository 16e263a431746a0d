"""The files of a repository that takes pull requests, as they are on the branch that these go to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from seamark.pipeline.pulls.repositories import forge_of
from seamark.response.forges.pulls.contract import Pulls
from seamark.response.remediation.pulls.git import Repository
from seamark.store.models import PullRepository


def git_of(row: PullRepository, folder: Path, forge: Pulls) -> Repository:
    """Return git for a repository, working in an empty folder. Raises `RemoteFailure`."""
    return Repository(folder, row.remote, forge.login(), settings.SEAMARK_INTERNAL_HOSTS)


@contextmanager
def tree_of(row: PullRepository) -> Iterator[Path]:
    """Yield a folder with the files of the branch, which is gone afterwards. Raises `RemoteFailure`."""
    with tempfile.TemporaryDirectory(prefix="seamark-read-") as folder, forge_of(row) as forge:
        tree = Path(folder) / "tree"
        tree.mkdir()
        git = git_of(row, Path(folder), forge)
        git.checkout(git.fetch(row.base or forge.default_branch()), tree)
        yield tree
