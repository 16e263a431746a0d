"""What Java and Kotlin files import or name in full, and what they load by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tree_sitter import Node

from seamark.intake.discovery.syntax import find, text
from seamark.intake.reach.model import Import, Source
from seamark.intake.reach.tokens import Token, argument, following

_LOADERS: Final = frozenset({"forName", "loadClass", "findClass", "defineClass", "getBeansOfType"})
_OPEN: Final = frozenset({
    "ServiceLoader", "URLClassLoader", "ObjectInputStream", "XMLDecoder", "ScriptEngineManager", "InitialContext", "readObject", "readUnshared",
    "enableDefaultTyping", "activateDefaultTyping", "SpringFactoriesLoader", "MethodHandles", "JavaCompiler", "ToolProvider", "GroovyShell",
    "GroovyClassLoader", "XStream", "SPIHelper", "ServiceFinder", "XMLInputFactory", "Thread.getContextClassLoader",
})  # fmt: skip
"""Names by which classes are loaded that no file names."""
_PICKS: Final = frozenset({"getMethod", "getDeclaredMethod", "getMethods", "getDeclaredMethods", "findVirtual", "findStatic", "invokeMethod", "memberFunctions", "declaredFunctions"})  # fmt: skip
_SPACE: Final = re.compile(r"\s+")


def read(source: Source, root: Node, row: Sequence[Token]) -> None:
    """Fill in what a file imports, in Java's words for both languages."""
    kind, head = (
        ("import", "package_header") if source.language == "kotlin" else ("import_declaration", "package_declaration")
    )
    source.imports = (*_imports(root, source.language, kind), *_in_full(row))
    packages = find(root, source.language, head)
    source.package = _SPACE.sub("", text(packages[0])).removeprefix("package").rstrip(";") if packages else ""
    if source.package:
        # What is in the same package needs no import, and a library's package may be continued here.
        source.imports += (Import(module=source.package, line=packages[0].start_point.row + 1, all=True),)
    for place in following(row, *_LOADERS):
        given = argument(row, place)
        if given is not None and given[0] != "s":
            source.dynamic = source.dynamic or (row[place].line, f"{row[place].text}(…) of a value")
    for place in following(row, *_OPEN):
        source.dynamic = source.dynamic or (row[place].line, row[place].text)
    for place in following(row, *_PICKS):
        given = argument(row, place)
        if given is not None and given[0] != "s":
            source.computed = source.computed or (row[place].line, f"{row[place].text}(…)")
    for place in following(row, "main"):
        source.starts = source.starts or (place > 0 and row[place - 1].text in {"void", "fun"})


def _imports(root: Node, language: str, kind: str) -> Iterator[Import]:
    for node in find(root, language, kind):
        words = text(node).removeprefix("import").strip().rstrip(";")
        static = bool(re.match(r"static\s", words))
        words = re.sub(r"^static\s+", "", words)
        name, _, alias = words.partition(" as ")
        module = _SPACE.sub("", re.sub(r"/\*.*?\*/|//.*", "", name, flags=re.DOTALL))
        line = node.start_point.row + 1
        if module.endswith(".*"):
            yield Import(module=module[:-2], line=line, all=True)
            continue
        last = module.rpartition(".")[2]
        yield Import(module=module, line=line, names=((last, alias.strip() or last),), all=static)


def _in_full(row: Sequence[Token]) -> Iterator[Import]:
    """Yield names that are written in full: `org.example.Tool.run()`."""
    place = 0
    while place < len(row):
        start = place
        parts: list[str] = []
        while place < len(row) and row[place].sort == "w":
            parts.append(row[place].text)
            if place + 2 < len(row) and row[place + 1].text == "." and row[place + 2].sort == "w":
                place += 2
                continue
            break
        if (
            len(parts) > 2
            and parts[0].islower()
            and (start == 0 or row[start - 1].text not in {"import", "package", "static", "."})
        ):
            yield Import(module=".".join(parts), line=row[start].line, all=True)
        place += 1
