"""`pyproject.toml` (standard, Poetry, PDM, uv), `Pipfile`, `setup.cfg` and `setup.py`, none of which is run."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any, Final

from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.pep508 import group_scope, normal, require_all
from seamark.intake.discovery.extractors.packages.read import licences, mapping, rows, word, words
from seamark.intake.discovery.syntax import is_tangled
from seamark.intake.discovery.tree import Tree

_EXACT = re.compile(r"(?:===?)?\s*v?(\d[\w.+!-]*)").fullmatch
_PINNED = re.compile(r"===?\s*([\w.+!-]+)").fullmatch
_OPTION = re.compile(r"([^=:]+)[=:]\s*+(.*)").fullmatch
_MOST_NAMES: Final = 1_000


def pyproject(draft: Draft, found: dict[str, Any]) -> bool:
    """Fill a draft from the tables of a `pyproject.toml`, and tell whether it describes a package or its dependencies."""
    project, tool = mapping(found.get("project")), mapping(found.get("tool"))
    poetry, uv, pdm = (mapping(tool.get(name)) for name in ("poetry", "uv", "pdm"))
    groups = mapping(found.get("dependency-groups"))
    if not (project or poetry or groups or uv.get("workspace") or pdm.get("dev-dependencies")):
        return False
    said = licences(project.get("license") or poetry.get("license"))
    draft.facts |= {
        "name": word(project.get("name")) or word(poetry.get("name")),
        "version": word(project.get("version")) or word(poetry.get("version")),
        "licence": said[0] if said else "",
        "private": any("private" in each.lower() for each in words(project.get("classifiers"))),
    }
    own = own_names(found)
    require_all(draft, words(project.get("dependencies")), "runtime", own)
    for texts in mapping(project.get("optional-dependencies")).values():
        require_all(draft, words(texts), "optional", own)
    for table in (groups, mapping(pdm.get("dev-dependencies")), {"dev": uv.get("dev-dependencies")}):
        for group, texts in table.items():
            require_all(draft, words(texts), group_scope(group), own)
    _tables(draft, mapping(poetry.get("dependencies")), "runtime")
    _tables(draft, mapping(poetry.get("dev-dependencies")), "development")
    for group, table in mapping(poetry.get("group")).items():
        _tables(
            draft, mapping(mapping(table).get("dependencies")), "runtime" if group == "main" else group_scope(group)
        )
    return True


def own_names(found: dict[str, Any]) -> frozenset[str]:
    """Return the normal names of packages that a `pyproject.toml` takes from the tree, its own for extras of itself among them."""
    tool, project = mapping(found.get("tool")), mapping(found.get("project"))
    sources = mapping(mapping(tool.get("uv")).get("sources"))
    own = {name for name, source in sources.items() if mapping(source).get("workspace") or mapping(source).get("path")}
    return frozenset(normal(name) for name in (*own, word(project.get("name"))) if name)


def pipfile(draft: Draft, found: dict[str, Any]) -> None:
    """Fill a draft from the tables of a `Pipfile`: groups have any name."""
    for group, table in found.items():
        if group not in {"source", "requires", "scripts", "pipenv", "pipfile"}:
            scope = (
                "runtime" if group == "packages" else "development" if group == "dev-packages" else group_scope(group)
            )
            _tables(draft, mapping(table), scope, pinned=_PINNED)


def _tables(draft: Draft, table: dict[str, Any], scope: str, pinned: Any = _EXACT) -> None:
    """Add dependencies that are written as `name = "^1.2"`, as a table, or as a list of these."""
    for name, given in table.items():
        if name == "python":
            continue
        for each in given[:20] if isinstance(given, list) else [given]:
            said = mapping(each)
            if said.get("path") or said.get("file"):
                continue
            wanted = word(said.get("version")) if said else word(each)
            exact = pinned(wanted)
            wanted = wanted or word(said.get("git")) or word(said.get("url"))
            kept = "optional" if said.get("optional") is True else scope
            draft.require(name, exact[1] if exact else "", wanted=wanted, scope=kept)


def setup_cfg(draft: Draft, text: str) -> bool:
    """Fill a draft from a `setup.cfg`, and tell whether it describes a package."""
    config = _sections(text)
    said, options, extras = (config.get(name, {}) for name in ("metadata", "options", "options.extras_require"))
    if not said.get("name") and not options.get("install_requires") and not extras:
        return False
    for fact, option in (("name", "name"), ("version", "version"), ("licence", "license")):
        lines = said.get(option, [])
        if len(lines) == 1 and not lines[0].startswith(("attr:", "file:")):
            draft.facts[fact] = lines[0]
    require_all(draft, options.get("install_requires", []), "runtime")
    require_all(draft, options.get("tests_require", []), "test")
    for texts in extras.values():
        require_all(draft, texts, "optional")
    return True


def _sections(text: str) -> dict[str, dict[str, list[str]]]:
    """Return the lines of options by sections. The library's reader takes quadratic time over lines that are none."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.split("\n"):
        body = line.strip()
        if not body or body[0] in "#;":
            continue
        if line[0] in " \t":
            lines.append(body)
        elif body[0] == "[":
            section, lines = found.setdefault(body.strip("[] "), {}), []
        elif option := _OPTION(body):
            lines = section.setdefault(option[1].strip().lower(), [])
            lines += [option[2]] if option[2] else []
    return found


def setup_py(tree: Tree, draft: Draft, source: str) -> bool:
    """Fill a draft from the call of `setup` in a `setup.py`, read and not run, and tell whether there is one."""
    if is_tangled(source.encode()):
        tree.trouble(draft.path, "is too deeply nested to be a setup script")
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree.trouble(draft.path, "is no valid Python")
        return False
    call = next(
        (node for node in ast.walk(module) if isinstance(node, ast.Call) and _called(node.func) == "setup"), None
    )
    if call is None:
        return False
    names = {
        target.id: node.value
        for node in module.body[:_MOST_NAMES]
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    said = {each.arg: _value(each.value, names) for each in call.keywords if each.arg}
    for fact, keyword in (("name", "name"), ("version", "version"), ("licence", "license")):
        draft.facts[fact] = word(said.get(keyword))
    require_all(draft, _lines(said.get("install_requires")), "runtime")
    require_all(draft, _lines(said.get("tests_require")), "test")
    for texts in mapping(said.get("extras_require")).values():
        require_all(draft, _lines(texts), "optional")
    return True


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _lines(value: Any) -> list[str]:
    return value.split("\n") if isinstance(value, str) else [each for each in rows(value) if isinstance(each, str)]


def _value(node: ast.expr, names: dict[str, ast.expr], depth: int = 0) -> Any:
    """Return what an expression of literals, names of the module and sums of these says; None for any other."""
    if depth > 10:
        return None
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _value(names[node.id], names, depth + 1) if node.id in names else None
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_value(each, names, depth + 1) for each in node.elts[:_MOST_NAMES]]
    if isinstance(node, ast.Dict):
        keys = [_value(key, names, depth + 1) if key is not None else None for key in node.keys[:_MOST_NAMES]]
        return {key: _value(value, names, depth + 1) for key, value in zip(keys, node.values, strict=False) if isinstance(key, str)}  # fmt: skip
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _value(node.left, names, depth + 1), _value(node.right, names, depth + 1)
        if isinstance(left, list) or isinstance(right, list):
            return (rows(left) + rows(right))[:_MOST_NAMES]
        return left + right if isinstance(left, str) and isinstance(right, str) else None
    return None
