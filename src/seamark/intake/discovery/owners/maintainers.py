"""Whom manifests name as their maintainers, and whom repository settings in the tree make administrators."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from seamark.intake.discovery.tree import Tree

_PERSON: Final = re.compile(r"\s*([^<(]{0,200}?)\s*(?:<([^<>\s]{1,300}@[^<>\s]{1,300})>)?\s*(?:\([^)]*\))?\s*")
_SETTINGS: Final = (".github/settings.yml", ".github/settings.yaml")
_RULING: Final = frozenset({"admin", "maintain"})


def maintainers_of(tree: Tree, folder: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses and the logins of those whom a folder's own manifests name, each with the manifest's path."""
    prefix = f"{folder}/" if folder else ""
    for name, read in (("package.json", _package_json), ("pyproject.toml", _pyproject), ("Cargo.toml", _cargo)):
        text = tree.text(prefix + name)
        if text is None:
            continue
        try:
            found = list(read(text))
        except (msgspec.DecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError):
            continue
        for person in dict.fromkeys(found):
            yield person, prefix + name


def admins_of(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield teams (`acme/web`) and logins (`@ada`) that the settings file makes administrators, each with its place."""
    for path in _SETTINGS:
        if tree.data(path) is None:
            continue
        organisation = tree.repository.split("/")[1:2]
        for document in tree.documents(path):
            value = document.value if isinstance(document.value, dict) else {}
            for team in _rows(value.get("teams")):
                if team.get("permission") in _RULING and isinstance(team.get("name"), str):
                    yield "/".join(["@" + "".join(organisation), team["name"]]) if organisation else team["name"], path
            for person in _rows(value.get("collaborators")):
                if person.get("permission") in _RULING and isinstance(person.get("username"), str):
                    yield "@" + person["username"].lstrip("@"), path


def _rows(told: Any) -> list[dict[str, Any]]:
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _package_json(text: str) -> Iterator[str]:
    told = msgspec.json.decode(text)
    if not isinstance(told, dict):
        return
    people = told.get("maintainers") or told.get("author")
    for person in people if isinstance(people, list) else [people]:
        email = person.get("email") if isinstance(person, dict) else _email(person)
        if isinstance(email, str) and "@" in email:
            yield email.lower()


def _pyproject(text: str) -> Iterator[str]:
    told = tomllib.loads(text)
    project, tool = told.get("project"), told.get("tool")
    project = project if isinstance(project, dict) else {}
    for person in _rows(project.get("maintainers") or project.get("authors")):
        if isinstance(person.get("email"), str) and "@" in person["email"]:
            yield person["email"].lower()
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    people = (poetry.get("maintainers") or poetry.get("authors")) if isinstance(poetry, dict) else None
    yield from _emails(people)


def _cargo(text: str) -> Iterator[str]:
    package = tomllib.loads(text).get("package")
    yield from _emails(package.get("authors") if isinstance(package, dict) else None)


def _emails(people: Any) -> Iterator[str]:
    for person in people if isinstance(people, list) else ():
        if email := _email(person):
            yield email.lower()


def _email(person: Any) -> str:
    found = _PERSON.fullmatch(person[:600]) if isinstance(person, str) else None
    return (found[2] or "") if found else ""
