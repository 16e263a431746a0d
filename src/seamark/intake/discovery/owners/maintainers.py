"""Whom manifests name as their maintainers or authors, and whom repository settings in the tree make administrators."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
import yaml

from seamark.intake.discovery.bounded import load
from seamark.intake.discovery.tree import Tree

_PERSON: Final = re.compile(r"\s*([^<(]{0,200}?)\s*(?:<([^<>\s]{1,300}@[^<>\s]{1,300})>)?\s*(?:\([^)]*\))?\s*")
LARGEST: Final = 200_000
"""Characters of a manifest that is read for people."""
_COLLECTIVE: Final = re.compile(
    r"(?:dev|devel|info|support|hello|contact|team|admin|security|maintainers|developers|oss|opensource|open-source|community|users|help|mail|eng|engineering|no-?reply)@|[^@]*@(?:lists|groups|googlegroups|noreply)\b"
)
"""Addresses that many read, or nobody: they own nothing."""
_LOGIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
_PROFILE: Final = re.compile(r"https?://(?:www\.)?(?:github|gitlab|codeberg)\.(?:com|org)/([A-Za-z0-9][\w-]{0,38})/?")
_ROS: Final = re.compile(r"<maintainer\s{1,20}email\s{0,5}=\s{0,5}[\"']([^\"'<>\s]{1,300}@[^\"'<>\s]{1,300})[\"']")
_XML_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SETTINGS: Final = (".github/settings.yml", ".github/settings.yaml")
_RULING: Final = frozenset({"admin", "maintain"})


class Named(NamedTuple):
    """Somebody whom a manifest names: an address, a login (`@ada`) or a team (`@acme/web`)."""

    word: str
    at: str
    """The manifest's path."""
    keeps: bool
    """Named as who looks after it, rather than as who wrote it."""


def maintainers_of(tree: Tree, folder: str) -> Iterator[Named]:
    """Yield those whom a folder's own manifests name."""
    prefix = f"{folder}/" if folder else ""
    for name, read in _MANIFESTS.items():
        path = prefix + name
        if not tree.has(path) or (text := tree.text(path)) is None or len(text) > LARGEST:
            continue
        try:
            found = list(read(text))
        except (
            msgspec.DecodeError,
            tomllib.TOMLDecodeError,
            yaml.YAMLError,
            RecursionError,
            ValueError,
            TypeError,
            OverflowError,
        ):
            continue
        for word, keeps in dict.fromkeys(found):
            yield Named(word, path, keeps and not _COLLECTIVE.match(word))


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


def _package_json(text: str) -> Iterator[tuple[str, bool]]:
    told = msgspec.json.decode(text)
    if not isinstance(told, dict):
        return
    for key in ("maintainers", "author"):
        people = told.get(key)
        for person in people if isinstance(people, list) else [people]:
            email = person.get("email") if isinstance(person, dict) else _email(person)
            if isinstance(email, str) and "@" in email:
                yield email.lower(), key == "maintainers"


def _pyproject(text: str) -> Iterator[tuple[str, bool]]:
    told = tomllib.loads(text)
    project, tool = told.get("project"), told.get("tool")
    project = project if isinstance(project, dict) else {}
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    for key in ("maintainers", "authors"):
        for person in _rows(project.get(key)):
            if isinstance(person.get("email"), str) and "@" in person["email"]:
                yield person["email"].lower(), key == "maintainers"
        for email in _emails(poetry.get(key) if isinstance(poetry, dict) else None):
            yield email, key == "maintainers"


def _cargo(text: str) -> Iterator[tuple[str, bool]]:
    package = tomllib.loads(text).get("package")
    for email in _emails(package.get("authors") if isinstance(package, dict) else None):
        yield email, False


def _chart(text: str) -> Iterator[tuple[str, bool]]:
    """Read a Helm chart's maintainers: the login where the address of a profile tells it, else the address, else the name, which is a login by custom.

    A name with any other page is a project.
    """
    told = load(text)
    for person in _rows(told.get("maintainers")) if isinstance(told, dict) else ():
        name, email, url = (str(person.get(key) or "").strip() for key in ("name", "email", "url"))
        if profile := _PROFILE.fullmatch(url):
            yield f"@{profile[1]}", True
        elif "@" in email:
            yield email.lower(), True
        elif not url and _LOGIN.fullmatch(name):
            yield f"@{name}", True


def _package_xml(text: str) -> Iterator[tuple[str, bool]]:
    """Read the maintainers of a ROS package."""
    for email in _ROS.findall(_XML_COMMENT.sub("", text)):
        yield email.strip().lower(), True


def _codeowners(text: str) -> Iterator[tuple[str, bool]]:
    """Read owners that a component's description lists: `codeowners`, at its top or under `status` as `active`."""
    told = load(text)
    told = told if isinstance(told, dict) else {}
    status = told.get("status")
    for value in (told.get("codeowners"), status.get("codeowners") if isinstance(status, dict) else None):
        words = value.get("active") if isinstance(value, dict) else value
        for word in words if isinstance(words, list) else ():
            if isinstance(word, str) and (owner := word.strip().removeprefix("@")):
                yield owner.lower() if "@" in owner else f"@{owner}", True


_MANIFESTS: Final[dict[str, Callable[[str], Iterator[tuple[str, bool]]]]] = {
    "package.json": _package_json, "pyproject.toml": _pyproject, "Cargo.toml": _cargo, "Chart.yaml": _chart, "package.xml": _package_xml,
    "metadata.yaml": _codeowners, "manifest.json": _codeowners,
}  # fmt: skip


def _emails(people: Any) -> Iterator[str]:
    for person in people if isinstance(people, list) else ():
        if email := _email(person):
            yield email.lower()


def _email(person: Any) -> str:
    found = _PERSON.fullmatch(person[:600]) if isinstance(person, str) else None
    return (found[2] or "") if found else ""
