"""An importer that takes reports as values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seamark.pipeline.imports import import_file
from seamark.pipeline.ingest import Outcome
from seamark.pipeline.target import Target

from .reports import write


@pytest.fixture
def load(db: None, tmp_path: Path) -> Callable[..., Outcome]:
    """Return a function that imports a report (decoded JSON or text) into an application."""
    counter = iter(range(1_000_000))

    def run(content: Any, application: str = "shop", **where: Any) -> Outcome:
        where.setdefault("repository", "https://git.example/acme/shop")
        where.setdefault("ref", "main")
        path = write(tmp_path / f"report-{next(counter)}", content)
        return import_file(path, Target(application=application, **where))

    return run
