"""What JavaScript and TypeScript files import, and what in them is worked out at run time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tree_sitter import Node

from seamark.intake.discovery.syntax import field, find, text
from seamark.intake.reach.model import Import, Source
from seamark.intake.reach.tokens import Inside, Token, argument, following, strings_of

_RUNS_TEXT: Final = frozenset({"eval", "Function", "runInNewContext", "runInThisContext", "runInContext", "execScript", "importScripts", "_load", "createRequireFromPath"})  # fmt: skip
_REQUIRES: Final = frozenset({"require", "requireNative", "requireActual", "__non_webpack_require__", "proxyquire", "importLazy", "importModule", "requireUncached", "importFresh"})  # fmt: skip


def read(source: Source, root: Node, row: Sequence[Token]) -> None:
    """Fill in what a file imports."""
    found = list(_statements(root, source.language))
    renamed = _renamed_requires(row)
    for place in following(row, "import", *_REQUIRES, *renamed):
        word = row[place]
        after = row[place + 1].text if place + 1 < len(row) else ""
        if (
            word.text in _REQUIRES | renamed
            and after == "."
            and place + 2 < len(row)
            and row[place + 2].text == "resolve"
        ):
            place += 2  # noqa: PLW2901 - the call of `require.resolve`
        given = argument(row, place)
        if given is None:
            if (
                word.text == "require"
                and after not in {".", "=", ":", "(", ""}
                and row[place - 1].text not in {".", "import"}
            ):
                source.dynamic = source.dynamic or (word.line, "require handed on")
            elif (
                word.text == "require"
                and after == "."
                and row[place + 2 : place + 3]
                and row[place + 2].text == "context"
            ):
                source.dynamic = source.dynamic or _beyond(argument(row, place + 2), word)
            continue
        if row[place - 1 : place] and row[place - 1].text == "function":
            continue
        if given[0] == "s" and "\\" not in given[1]:
            names = _taken_before(row, place)
            found.append(
                Import(module=given[1], line=word.line, bound=_bound_before(row, place), names=names, all=True)
            )
        else:
            source.dynamic = source.dynamic or _beyond(given, word)
    for place in following(row, *_RUNS_TEXT):
        if argument(row, place) is not None or (place + 1 < len(row) and row[place + 1].text == "("):
            source.dynamic = source.dynamic or (row[place].line, f"{row[place].text}(…)")
    for place in following(row, "eval", "Function"):
        before = row[place - 1].text if place else ""
        if before in {"=", "(", ",", "?", ":"} and row[place].text == "eval":
            source.dynamic = source.dynamic or (row[place].line, f"{row[place].text} handed on")
    source.computed = _computed(row) or _listed(row, {each.bound for each in found} - {""})
    modules = Inside(find(root, source.language, "import_statement"))
    source.strings = strings_of([each for each in row if each not in modules])
    source.imports = tuple(found)


def _beyond(given: tuple[str, str] | None, word: Token) -> tuple[int, str] | None:
    """Return that an import goes to a place that nobody knows; a path below the importing file is none."""
    if given is not None and given[0] == "t" and given[1].startswith(("./", "../")) and "node_modules" not in given[1]:
        return None
    return word.line, f"{word.text}(…) of a value"


def _renamed_requires(row: Sequence[Token]) -> frozenset[str]:
    """Return names that `require` got: `const load = createRequire(import.meta.url)`, `const r = require`."""
    found = set()
    for place in following(row, "createRequire", "require"):
        start = place
        while start > 1 and row[start - 1].text in {".", "module", "Module", "await"}:
            start -= 1
        called = place + 1 < len(row) and row[place + 1].text == "("
        given = start > 1 and row[start - 1].text == "=" and row[start - 2].sort == "w"
        if given and (row[place].text == "createRequire" or not called):
            found.add(row[start - 2].text)
    return frozenset(found - {"require"})


def _back(row: Sequence[Token], place: int) -> int:
    """Return the place of the sign before an import expression: `= await interop(require(`."""
    here = place - 1
    while (
        here > 0
        and place - here < 100
        and (row[here].text in {"(", "await", ".", "require"} or (row[here].sort == "w" and row[here + 1].text == "("))
    ):
        here -= 1
    return here


def _bound_before(row: Sequence[Token], place: int) -> str:
    here = _back(row, place)
    if here < 1 or row[here].text != "=":
        return ""
    before = row[here - 1]
    return before.text if before.sort == "w" and (here < 2 or row[here - 2].text != ".") else ""


def _taken_before(row: Sequence[Token], place: int) -> tuple[tuple[str, str], ...]:
    """Return what `const {a, b: c} = require(…)` takes."""
    end = _back(row, place)
    if end < 2 or row[end].text != "=" or row[end - 1].text != "}":
        return ()
    start = end - 1
    while start > 0 and row[start].text != "{" and end - start < 400:
        start -= 1
    inner, names = row[start + 1 : end - 1], []
    for number, each in enumerate(inner):
        if each.sort != "w" or (number and inner[number - 1].text in {":", "="}):
            continue
        renamed = number + 2 < len(inner) and inner[number + 1].text == ":"
        names.append((each.text, inner[number + 2].text if renamed else each.text))
    return tuple(names)


def _statements(root: Node, language: str) -> Iterator[Import]:
    for node in find(root, language, "import_statement", "export_statement"):
        line = node.start_point.row + 1
        target = field(node, "source")
        types = any(each.type == "type" for each in node.children)
        clause = next(
            (
                each
                for each in node.children
                if each.type in {"import_clause", "import_require_clause", "export_clause"}
            ),
            None,
        )
        if clause is not None and clause.type == "import_require_clause":
            target = field(clause, "source")
        if target is None:
            continue
        module = text(target)[1:-1]
        if clause is None:
            yield Import(module=module, line=line, all=True, types=types)
            continue
        names: list[tuple[str, str]] = []
        bound = ""
        for each in find(clause, language, "import_specifier", "export_specifier"):
            if any(part.type == "type" for part in each.children):
                continue
            name = text(field(each, "name")).strip("'\"")
            names.append((name, text(field(each, "alias")) or name))
        for each in clause.children:
            if each.type == "identifier":
                bound = text(each)
            elif each.type == "namespace_import":
                bound = text(each.named_children[-1]) if each.named_children else ""
        # `import {type X} from "m"` may keep the import of the module itself: a setting of the compiler says so.
        yield Import(module=module, line=line, names=tuple(names), bound=bound, types=types, all=bool(bound))


def _listed(row: Sequence[Token], modules: set[str]) -> tuple[int, str] | None:
    """Return the first place where all members of an imported module are gone through."""
    for place in following(
        row, "values", "entries", "keys", "getOwnPropertyNames", "ownKeys", "getOwnPropertyDescriptors"
    ):
        after = row[place + 1 : place + 4]
        if (
            place > 1
            and row[place - 2].text == "Object"
            and len(after) == 3
            and after[0].text == "("
            and after[1].text in modules
        ):
            return row[place].line, f"Object.{row[place].text}({after[1].text})"
    return None


def _computed(row: Sequence[Token]) -> tuple[int, str] | None:
    """Return the first member that is picked by a value and called, or picked from something that is taken apart."""
    for place in range(1, len(row) - 2):
        if row[place].text != "[" or row[place].sort != "p":
            continue
        before = row[place - 1]
        if (
            before.text in {"{", ","}
            and row[place + 2].text == "]"
            and row[place + 1].sort == "w"
            and row[place + 3 : place + 4]
            and row[place + 3].text == ":"
        ):
            return before.line, f"{{[{row[place + 1].text}]: …}}"
        if (
            before.sort == "w" and before.text not in {"return", "of", "in", "case", "typeof", "await", "yield"}
        ) or before.text in {")", "]", "?."}:
            inner = row[place + 1]
            if (
                inner.sort in {"w", "t"}
                or inner.text in {"(", "`"}
                or (inner.sort == "s" and row[place + 2].text != "]")
            ):
                return before.line, f"{before.text}[…]"
    return next(((row[each].line, "Reflect.get(…)") for each in following(row, "Reflect", "Proxy")), None)
