"""Databases to measure on: each sort hands out fresh ones, already migrated."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg
from tests.support.postgres import find_binaries, private_server

from benchmarks.reports import HOME


class Databases(Protocol):
    """One sort of database."""

    name: str
    version: str

    def fresh(self, like: str = "") -> contextlib.AbstractContextManager[str]:
        """Yield the URL of an empty, migrated database, or of a copy of one that nobody uses; it is gone afterwards."""


def environment(url: str = "") -> dict[str, str]:
    """Return the environment of a measurement: nobody's own settings, and the given database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEAMARK_")}
    return {
        **kept,
        "SEAMARK_HOME": str(HOME),
        "SEAMARK_SECRET_KEY": "only for benchmarks, on loopback",
        "SEAMARK_DATABASE_URL": url or "sqlite://:memory:",
    }


def _migrate(url: str) -> None:
    command = [sys.executable, "-c", "from seamark.interfaces.cli.database import boot; boot()"]
    subprocess.run(command, check=True, env=environment(url))


class Sqlite:
    """Files in a folder of this run, on the disk of the working tree: not in memory."""

    name = "sqlite"
    version = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = itertools.count()
        self._template = folder / "template.sqlite3"
        _migrate(f"sqlite:///{self._template}")

    @contextlib.contextmanager
    def fresh(self, like: str = "") -> Iterator[str]:
        """Yield the URL of a copy of the migrated file, or of another of this run."""
        path = self._folder / f"{next(self._number)}.sqlite3"
        source = Path(like.removeprefix("sqlite:///")) if like else self._template
        with contextlib.closing(sqlite3.connect(source)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(source, path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for left in self._folder.glob(f"{path.name}*"):
                left.unlink()


class Postgres:
    """A private server, with the settings that PostgreSQL comes with unless told otherwise: every commit waits for the disk, unless the product says otherwise."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self._server = url.rsplit("/", 1)[0]
        self._number = itertools.count()
        _migrate(url)
        with psycopg.connect(url) as told:
            self.version = f"PostgreSQL {told.info.server_version // 10000}.{told.info.server_version % 10000}"

    def _run(self, statement: str) -> None:
        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as control:
            control.execute(statement.encode())

    @contextlib.contextmanager
    def fresh(self, like: str = "") -> Iterator[str]:
        """Yield the URL of a copy of the migrated database, or of another of this run."""
        name = f"run{next(self._number)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {like.rsplit('/', 1)[-1] or 'seamark'}")
        # What the copy and earlier runs left to be written is no part of the next measurement.
        self._run("CHECKPOINT")
        try:
            yield f"{self._server}/{name}"
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def sqlite() -> Iterator[Databases]:
    """Yield SQLite."""
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sqlite-", dir=HOME) as folder:
        yield Sqlite(Path(folder))


@contextlib.contextmanager
def postgresql(*settings: str) -> Iterator[Databases | None]:
    """Yield a private PostgreSQL server, with settings such as `shared_buffers=1GB`; None where the machine has none."""
    if find_binaries() is None:
        yield None
        return
    with private_server(*settings) as url:
        yield Postgres(url)
