"""What Python files import, and what in them is worked out at run time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tree_sitter import Node

from seamark.intake.discovery.syntax import ancestors, field, find, text
from seamark.intake.reach.model import Import, Source
from seamark.intake.reach.tokens import Inside, Token, argument, following

_LOADERS: Final = frozenset({
    "__import__", "import_module", "find_spec", "run_module", "run_path", "load_module", "exec_module", "load_source", "resolve_name", "locate",
    "import_string", "import_object", "load_object", "import_from_string", "entry_points", "iter_entry_points", "load_entry_point", "walk_packages",
    "iter_modules", "find_modules", "import_item", "lazy_import", "LazyLoader", "try_import", "safe_import", "import_class", "load_class",
    "module_from_spec", "spec_from_file_location", "SourceFileLoader", "DriverManager", "ExtensionManager", "NamedExtensionManager", "find_module",
    "load_dynamic", "pydoc", "stevedore", "pluginbase", "pluggy", "exec", "eval", "execfile", "compile", "find_loader", "lazy_loader",
    "importorskip", "optional_import", "import_optional_dependency", "symbol_by_name", "gather_modules", "autodiscover_modules",
})  # fmt: skip
"""Names that load what a string names. `eval` and `exec` run any code."""
_PICKS: Final = frozenset(
    {"getattr", "attrgetter", "methodcaller", "__getattribute__", "vars", "__dict__", "getmembers", "globals", "locals"}
)


def read(source: Source, root: Node, row: Sequence[Token]) -> None:
    """Fill in what a file imports."""
    found = list(_imports(root))
    statements = Inside(find(root, "python", "import_statement", "import_from_statement"))

    def _in_import(place: int) -> bool:
        """Tell whether a name stands in an import statement without being renamed."""
        return row[place] in statements and not _renamed(row, place)

    for place in following(row, *_LOADERS):
        word, before = row[place], row[place - 1].text if place else ""
        given = argument(row, place)
        if word.text == "compile" and before == ".":
            continue
        if word.text in {"eval", "exec"} and before == ".":
            continue
        if given is not None and given[0] == "s" and word.text not in {"eval", "exec", "compile", "execfile"}:
            if given[1].startswith(".") or not given[1]:
                source.dynamic = source.dynamic or (word.line, f"{word.text}(…) of a relative name")
            else:
                name = given[1].replace(":", ".")
                found.append(Import(module=name, line=word.line, bound=_assigned(row, place), all=True))
        elif (given is None and (before == "def" or _in_import(place))) or (given is None and word.text == "importlib"):
            continue
        else:
            source.dynamic = source.dynamic or (word.line, f"{word.text}(…)")
    for place in following(row, "importlib", "builtins", "__builtins__", "imp"):
        after = row[place + 1].text if place + 1 < len(row) else ""
        if after != "." and not _in_import(place) and (place == 0 or row[place - 1].text != "."):
            source.dynamic = source.dynamic or (row[place].line, f"{row[place].text} handed on")
        if _renamed(row, place):
            source.dynamic = source.dynamic or (row[place].line, f"{row[place].text} under another name")
    for place in following(row, *_PICKS):
        if _in_import(place):
            continue
        if row[place].text != "getattr" or not _picks_constant(row, place):
            source.computed = source.computed or (row[place].line, f"{row[place].text}(…)")
    if any(each.text in _LOADERS - {"compile", "eval", "exec", "locate"} for each in row if each.sort == "s"):
        source.dynamic = source.dynamic or (1, "the name of an importing function as text")
    source.starts = source.starts or _guarded(row)
    source.imports = tuple(found)


def _renamed(row: Sequence[Token], place: int) -> bool:
    return place + 1 < len(row) and row[place + 1].text == "as"


def _assigned(row: Sequence[Token], place: int) -> str:
    """Return the name that the value of a call gets: `x = importlib.import_module("y")`."""
    here = place - 1
    while here > 1 and (row[here].text == "." or row[here].text == "importlib"):
        here -= 1
    return row[here - 1].text if here > 0 and row[here].text == "=" and row[here - 1].sort == "w" else ""


def _picks_constant(row: Sequence[Token], place: int) -> bool:
    """Tell whether `getattr(x, "name")` names a constant."""
    depth = 0
    for here in range(place + 1, min(place + 80, len(row))):
        sign = row[here].text if row[here].sort == "p" else ""
        depth += (sign in {"(", "[", "{"}) - (sign in {")", "]", "}"})
        if sign == "," and depth == 1:
            return here + 2 < len(row) and row[here + 1].sort == "s" and row[here + 2].text in {",", ")"}
        if depth == 0:
            return False
    return False


def _guarded(row: Sequence[Token]) -> bool:
    return any(row[place + 1].text == "==" for place in following(row, "__name__") if place + 1 < len(row))


def _imports(root: Node) -> Iterator[Import]:
    sure = _type_checking_is_plain(root)
    for node in find(root, "python", "import_statement", "import_from_statement"):
        types = sure and _for_types(node)
        line = node.start_point.row + 1
        if node.type == "import_statement":
            for each in node.children_by_field_name("name"):
                module = text(field(each, "name")) if each.type == "aliased_import" else text(each)
                bound = text(field(each, "alias")) or _plain(module).partition(".")[0]
                yield Import(module=_plain(module), line=line, bound=bound, types=types)
            continue
        module = _plain(text(field(node, "module_name")))
        names = tuple(
            (_plain(text(field(each, "name"))), text(field(each, "alias")))
            if each.type == "aliased_import"
            else (_plain(text(each)),) * 2
            for each in node.children_by_field_name("name")
        )
        wild = any(each.type == "wildcard_import" for each in node.children)
        yield Import(module=module, line=line, names=tuple((a, b) for a, b in names), all=wild, types=types)


def _plain(name: str) -> str:
    return "".join(name.split()).replace("\\", "")


def _type_checking_is_plain(root: Node) -> bool:
    """Tell whether nobody sets `TYPE_CHECKING` to something else than the false that it is at run time."""
    for each in find(root, "python", "import_from_statement"):
        if "TYPE_CHECKING" in text(each) and not text(field(each, "module_name")).startswith("typing"):
            return False
    return not any(
        "TYPE_CHECKING" in text(field(each, "left")) and text(field(each, "right")) != "False"
        for each in find(root, "python", "assignment")
    )


_CHECKING: Final = ("TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING")


def _for_types(node: Node) -> bool:
    """Tell whether a statement stands in the first branch of `if TYPE_CHECKING:`."""
    inner = node
    for above in ancestors(node):
        if above.type == "if_statement" and field(above, "consequence") == inner:
            condition = text(field(above, "condition")).strip("() \t")
            if condition in _CHECKING:
                return True
        inner = above
    return False
