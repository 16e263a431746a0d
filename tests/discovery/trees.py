"""Small trees for the tests of discovery, and what extractors say of them in short."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from seamark.core.assets import AssetKind, Found, Listing, Relation
from seamark.intake.discovery.tree import Tree

REPOSITORY = "host.example/acme/shop"
Fact = Found | Relation | Listing


def make(root: Path, files: Mapping[str, str]) -> Tree:
    """Write files and return their tree."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content).lstrip("\n"), "utf-8")
    return Tree(root, REPOSITORY)


def short(key: str) -> str:
    """Return a key without the repository."""
    return key.replace(f"{REPOSITORY}//", "")


def assets(facts: Iterable[Fact], kind: AssetKind | None = None) -> dict[str, Found]:
    """Return the assets of a kind by their short keys."""
    return {short(each.ref.key): each for each in facts if isinstance(each, Found) and kind in {None, each.ref.kind}}


def edges(facts: Iterable[Fact]) -> list[tuple[str, str, str]]:
    """Return the relations as source, kind and target, in order and each once."""
    found = {
        (short(each.source.key), str(each.kind), short(each.target.key)) for each in facts if isinstance(each, Relation)
    }
    return sorted(found)


SPOILED: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "cut": lambda text: text[: len(text) // 2],
    "cut short": lambda text: text[: max(len(text) // 7, 3)],
    "backwards": lambda text: text[::-1],
    "no line ends": lambda text: text.replace("\n", " "),
    "brackets": lambda text: text.replace(")", "").replace("}", "").replace("]", ""),
    "opened": lambda text: text + "{" * 3000 + "[" * 3000 + "(" * 3000,
    "deep": lambda text: text + "\n" + "\n".join("  " * depth + "a:" for depth in range(400)),
    "numbers": lambda text: "".join("7" if each.isalpha() and place % 3 == 0 else each for place, each in enumerate(text)),
    "other values": lambda text: text.replace(": ", ": [1, {x: null}] #").replace("=", "=="),
    "nul": lambda text: text + "\0\0",
    "long line": lambda text: text + "x" * 200_000 + text.replace("\n", " ") * 20,
    "quotes": lambda text: text.replace("'", '"""').replace('"', "'''"),
}  # fmt: skip


def spoiled(files: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield files that are broken in different ways, with the name of the way."""
    for name, spoil in SPOILED.items():
        yield name, {path: spoil(text) for path, text in files.items()}
