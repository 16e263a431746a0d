"""Compose files, with variables filled in, overrides laid over their base, and `extends` followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from seamark.intake.discovery.infrastructure.places import environment_of, key_lines
from seamark.intake.discovery.infrastructure.values import first_document, listed, mapping, plain
from seamark.intake.discovery.tree import Tree, folder_of, joined

PATTERNS: Final = ("docker-compose*.yml", "docker-compose*.yaml", "compose*.yml", "compose*.yaml", "*.docker-compose.yml", "*.compose.yml", "*.compose.yaml")  # fmt: skip
_BASES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_VARIABLE: Final = re.compile(
    r"\$(\$|[A-Za-z_][A-Za-z0-9_]{0,99}|\{([A-Za-z_][A-Za-z0-9_]{0,99})(?:(:?[-?+])([^{}]{0,500}))?\})"
)
_LONGEST: Final = 100_000
_MOST_FILES, _MOST_SERVICES, _DEEPEST, _ROUNDS = 300, 1_000, 30, 5
_APPENDED: Final = frozenset(
    [
        "ports",
        "expose",
        "dns",
        "dns_search",
        "tmpfs",
        "volumes",
        "devices",
        "external_links",
        "security_opt",
        "cap_add",
        "cap_drop",
    ]
)


class Service(Struct, frozen=True, kw_only=True):
    """A service as all files of its project together describe it."""

    name: str
    value: dict[str, Any]
    file: str
    """The file that declares it last, which relative paths in it belong to the folder of."""
    line: int
    whole: bool = True
    """False for a file that only changes a service of some other, which is not known."""


class Project(Struct, frozen=True, kw_only=True):
    """One way to start the services of a folder."""

    folder: str
    files: tuple[str, ...]
    environment: str
    services: dict[str, Service]
    around: dict[str, Service] = {}
    """Those of the base file, beside which these run."""


def read_projects(tree: Tree) -> list[Project]:
    """Return the projects of a tree: each folder's base file with its override, and each further file, laid over the base where it needs it."""
    folders: dict[str, list[str]] = {}
    for path in tree.matching(*PATTERNS):
        if len(folders) < _MOST_FILES:
            folders.setdefault(folder_of(path), []).append(path)
    return [each for folder, paths in folders.items() for each in _of_folder(tree, folder, sorted(paths)[:50])]


def _of_folder(tree: Tree, folder: str, paths: list[str]) -> Iterator[Project]:
    read = {path: _services(tree, path) for path in paths}
    names = {path.rpartition("/")[2]: path for path in paths}
    base = next((names[name] for name in _BASES if name in names), "")
    overrides = [
        path for name, path in names.items() if base and name.rpartition(".")[0].endswith(".override") and path != base
    ]
    below: dict[str, Service] = {}
    if base:
        for path in (base, *overrides):
            below = _laid_over(below, read[path])
        yield Project(folder=folder, files=(base, *overrides), environment="", services=_extended(tree, below, 0))
    for path in paths:
        if path == base or path in overrides:
            continue
        mine = read[path]
        known = {
            name: below[name]
            for name, each in mine.items()
            if name in below and not ({"image", "build", "extends"} & each.value.keys())
        }
        merged = _extended(tree, _laid_over(known, mine), 0)
        for name, each in merged.items():
            if not ({"image", "build"} & each.value.keys()):
                merged[name] = Service(name=name, value=each.value, file=each.file, line=each.line, whole=False)
        yield Project(folder=folder, files=(path,), environment=environment_of(path), services=merged, around=below)


def _laid_over(below: dict[str, Service], above: dict[str, Service]) -> dict[str, Service]:
    found = dict(below)
    for name, each in above.items():
        old = found.get(name)
        if old is None:
            found[name] = each
        else:
            place = each if {"image", "build"} & each.value.keys() else old
            found[name] = Service(name=name, value=_merged(old.value, each.value), file=place.file, line=place.line)
    return found


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        old = found.get(key)
        if key in {"environment", "labels", "depends_on", "networks"} and (isinstance(old, (dict, list))):
            found[key] = {**as_mapping(old), **as_mapping(value)}
        elif isinstance(old, dict) and isinstance(value, dict):
            found[key] = {**old, **value}
        elif key in _APPENDED and isinstance(old, list) and isinstance(value, list):
            found[key] = [*old, *(each for each in value if each not in old)]
        else:
            found[key] = value
    return found


def as_mapping(value: Any) -> dict[str, Any]:
    """Return `["A=1", "B"]` as `{"A": "1", "B": None}`, and a mapping as it is."""
    if isinstance(value, list):
        pairs = (plain(each).partition("=") for each in value[:2_000])
        return {name: (text if equals else None) for name, equals, text in pairs if name}
    return mapping(value)


def _extended(tree: Tree, services: dict[str, Service], depth: int) -> dict[str, Service]:
    found = dict(services)
    for name, each in services.items():
        given = each.value.get("extends")
        target = plain(given if not isinstance(given, dict) else given.get("service"))
        if not target or depth > _ROUNDS:
            continue
        file = plain(mapping(given).get("file"))
        path = joined(folder_of(each.file), file) if file else each.file
        others = services if path == each.file else _services(tree, path)
        others = _extended(tree, {target: others[target]}, depth + 1) if target in others and target != name else others
        if target in others and others[target] is not each:
            value = _merged(others[target].value, {key: below for key, below in each.value.items() if key != "extends"})
            place = each if {"image", "build"} & each.value.keys() else others[target]
            found[name] = Service(name=name, value=value, file=place.file, line=each.line)
    return found


def _services(tree: Tree, path: str, depth: int = 0) -> dict[str, Service]:
    if not path or depth > _ROUNDS:
        return {}
    content = first_document(tree, path)
    services = mapping(content.get("services"))
    if not services and not ({"version", "services", "include", "volumes", "networks", "name"} & content.keys()):
        # The first version had the services on top.
        services = {
            name: each for name, each in content.items() if isinstance(each, dict) and {"image", "build"} & each.keys()
        }
    lines = key_lines(tree.text(path) or "", *(["services"] if mapping(content.get("services")) else []))
    scope = variables(tree, folder_of(path))
    found = {}
    for each in listed(content.get("include"))[:50]:
        for inner in listed(mapping(each).get("path") if isinstance(each, dict) else each)[:50]:
            found.update(_services(tree, joined(folder_of(path), fill(plain(inner), scope)), depth + 1))
    for name, value in list(services.items())[:_MOST_SERVICES]:
        if isinstance(value, dict):
            filled = mapping(_filled(value, scope, 0))
            found[name] = Service(name=name, value=filled, file=path, line=lines.get(name, 1))
    return found


def variables(tree: Tree, folder: str) -> dict[str, str]:
    """Return what the file `.env` beside compose files sets."""
    path = f"{folder}/.env" if folder else ".env"
    return env_file(tree.text(path) or "") if path in tree.files else {}


def env_file(text: str) -> dict[str, str]:
    """Return the variables of a file of `NAME=value` lines."""
    found: dict[str, str] = {}
    for each in text.split("\n")[:5_000]:
        name, equals, value = each.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            value = value.strip()
            value = (
                value[1:-1]
                if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
                else value.partition(" #")[0].strip()
            )
            found[name.strip()] = fill(value, found)
    return found


def fill(text: str, scope: dict[str, str]) -> str:
    """Return a text with `$NAME`, `${NAME:-default}` … replaced where a value or default is known."""

    def value(match: re.Match[str]) -> str:
        if match[1] == "$":
            return "$"
        known = scope.get(match[2] or match[1])
        sign = match[3] or ""
        if sign.endswith("+"):
            return match[4] if known else ""
        if known or (known == "" and not sign.startswith(":")):
            return known
        return match[4] if sign.endswith("-") else match[0]

    for _ in range(3):  # a default may hold a variable again
        if "$" not in text:
            break
        text, before = _VARIABLE.sub(value, text[:_LONGEST])[:_LONGEST], text
        if text == before:
            break
    return text


def _filled(value: Any, scope: dict[str, str], depth: int) -> Any:
    if isinstance(value, str):
        return fill(value, scope)
    if depth > _DEEPEST:
        return None
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in {"reset", "override"}:  # the tags `!reset` and `!override`
            return _filled(value.get("override"), scope, depth + 1)
        return {key: _filled(each, scope, depth + 1) for key, each in value.items()}
    return [_filled(each, scope, depth + 1) for each in value] if isinstance(value, list) else value
