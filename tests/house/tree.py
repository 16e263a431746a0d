"""The files of the repository, as git would commit them, and the imports in them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"


@cache
def committed() -> tuple[Path, ...]:
    """Return all files that are or would be committed; outside of a git tree, all but what tools leave behind."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = [name for name in listed.stdout.decode().split("\0") if name]
        found = [ROOT / name for name in names]
    except (OSError, subprocess.CalledProcessError):
        found = [
            path
            for top in ("src", "tests", "docs", "frontend", "requirements", "examples")
            for path in (ROOT / top).rglob("*")
        ]
    return tuple(sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts))


def sources() -> list[Path]:
    """Return the Python files of the package, without migrations: those are written by a machine."""
    return [
        path
        for path in committed()
        if path.is_relative_to(SRC) and path.suffix == ".py" and "migrations" not in path.parts
    ]


def texts() -> Iterator[tuple[Path, str]]:
    """Yield the text files with what they say."""
    for path in committed():
        data = path.read_bytes()
        if b"\0" not in data[:4096]:
            yield path.relative_to(ROOT), data.decode("utf-8", "replace")


def module_name(path: Path) -> str:
    """Return the dotted name of a file of the package."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, package: str = "") -> set[str]:
    """Return the dotted names that a file imports anywhere, names inside modules among them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            found |= {start} | {f"{start}.{alias.name}" for alias in node.names}
    return found
