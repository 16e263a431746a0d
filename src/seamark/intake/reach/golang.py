"""What Go files import. Go imports nothing at run time but plugins, so that what is not imported is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tree_sitter import Node

from seamark.intake.discovery.syntax import field, find, text
from seamark.intake.reach.model import Import, Source
from seamark.intake.reach.tokens import Token, following

_TAG: Final = re.compile(rb"^//\s*(?:go:build|\+build)\s+(.+?)\s*$", re.MULTILINE)
_NEVER: Final = frozenset({"ignore", "tools", "never", "exclude"})
_PICKS: Final = ("MethodByName", "FieldByName")


def read(source: Source, root: Node, row: Sequence[Token]) -> None:
    """Fill in what a file imports."""
    source.imports = tuple(_imports(root))
    source.package = next((text(each.named_child(0)) for each in find(root, "go", "package_clause")), "")
    source.starts = source.package == "main"
    for place in following(row, "plugin"):
        if place + 2 < len(row) and row[place + 1].text == "." and row[place + 2].text == "Open":
            source.dynamic = source.dynamic or (row[place].line, "plugin.Open(…)")
    for place in following(row, *_PICKS):
        source.computed = source.computed or (row[place].line, f"{row[place].text}(…)")


def excluded(data: bytes) -> bool:
    """Tell whether a file's build constraint keeps it out of every usual build (`ignore`, `tools`)."""
    head = data[:4_000].partition(b"\npackage ")[0]
    return any(match[1].decode("utf-8", "replace").strip() in _NEVER for match in _TAG.finditer(head))


def _imports(root: Node) -> Iterator[Import]:
    for node in find(root, "go", "import_spec"):
        module = text(field(node, "path"))[1:-1]
        name = text(field(node, "name"))
        # The last part of a path is the name, without a version; the package may have another one.
        bound = name if name not in {"", "_", "."} else ""
        yield Import(module=module, line=node.start_point.row + 1, bound=bound, all=name == ".")


def local_names(module: str) -> frozenset[str]:
    """Return the names that a package probably has where its import gives it none: `gopkg.in/yaml.v3` is `yaml`."""
    parts = [each for each in module.split("/") if each]
    if len(parts) > 1 and re.fullmatch(r"v\d+", parts[-1]):
        parts.pop()
    last = re.sub(r"\.v\d+$", "", parts[-1]) if parts else ""
    names = {
        last,
        last.replace("-", ""),
        last.replace("-", "_"),
        last.removeprefix("go-"),
        last.removesuffix("-go"),
        last.removesuffix(".go"),
    }
    names |= {last.rpartition("-")[2], last.partition("-")[0], last.rpartition(".")[2]}
    return frozenset(each for each in names if each)
