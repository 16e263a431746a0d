"""`seamark import --source` where the report goes to a server."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest

from seamark import client
from seamark.core.errors import UnknownFormat
from seamark.intake.discovery.excerpt import Excerpt, decode
from tests.pipeline.reports import hit, sarif

from .conftest import Command
from .reports import UNKNOWN

OUTCOME = {
    "findings": 1,
    "tools": ["Acme"],
    "new": 1,
    "unchanged": 0,
    "moved": 0,
    "fixed": 0,
    "reopened": 0,
    "issues": 1,
}
CODE = "def orders():\n    return 1\n\n\ndef health():\n    return 2\n"


class Stand:
    """Stands for the server: keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Excerpt | None]] = []
        self.failure: Exception | None = None

    def __call__(self, url: str, token: str) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, path: Path, fields: dict[str, Any], tell: Callable[[int], None], *, source: bytes | None) -> Any:
        if self.failure is not None:
            raise self.failure
        self.sent.append((path.read_bytes(), decode(source) if source is not None else None))
        return OUTCOME


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    stand = Stand()
    monkeypatch.setattr(client, "Client", stand)
    monkeypatch.setenv("SEAMARK_URL", "https://seamark.example")
    monkeypatch.setenv("SEAMARK_TOKEN", "smk_x")
    return stand


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "app.py").write_text(CODE, "utf-8")
    return tmp_path / "tree"


def content(*lines: int) -> bytes:
    return msgspec.json.encode(sarif([hit(line=line) for line in lines]))


def test_each_report_goes_with_its_own_places(
    seamark: Command, stand: Stand, report: Callable[..., Path], tree: Path
) -> None:
    first, second = report(content(2), "a.sarif"), report(content(6), "b.sarif")
    result = seamark("import", first, second, "--application", "shop", "--source", tree)
    assert (result.code, result.err) == (0, "")
    assert [source.scopes for _, source in stand.sent if source] == [
        {"app.py": {2: "orders"}},
        {"app.py": {6: "health"}},
    ]
    assert [source.code("app.py", 6) for _, source in stand.sent if source] == ["", "    return 2"]


def test_without_a_checkout_nothing_is_gathered(seamark: Command, stand: Stand, report: Callable[..., Path]) -> None:
    assert seamark("import", report(content(2)), "--application", "shop").code == 0
    assert [source for _, source in stand.sent] == [None]


def test_a_report_out_of_a_pipe_is_read_twice(seamark: Command, stand: Stand, tmp_path: Path, tree: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(content(2),))
    writing.start()
    result = seamark("import", tmp_path / "pipe", "--application", "shop", "--source", tree)
    writing.join(10)
    assert result.code == 0
    assert stand.sent == [
        (content(2), Excerpt(scopes={"app.py": {2: "orders"}}, lines={"app.py": {"2-2": "    return 1"}}))
    ]


def test_a_report_that_only_the_server_can_read_is_sent_and_it_is_said(
    seamark: Command, stand: Stand, report: Callable[..., Path], tree: Path
) -> None:
    path = report(UNKNOWN["foreign.json"], "foreign.json")
    result = seamark("import", path, "--application", "shop", "--source", tree)
    assert (result.code, [source for _, source in stand.sent]) == (0, [None])
    assert result.err.startswith(f"{path}: nothing was taken from --source: No parser knows this")


def test_what_the_server_cannot_read_either_is_said_once(
    seamark: Command, stand: Stand, report: Callable[..., Path], tree: Path
) -> None:
    stand.failure = UnknownFormat("Nobody knows it")
    path = report(UNKNOWN["foreign.json"], "foreign.json")
    result = seamark("import", path, "--application", "shop", "--source", tree)
    assert (result.code, result.err) == (3, f"{path}: Nobody knows it\n")
