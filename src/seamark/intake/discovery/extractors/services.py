"""What runs: services with their language, frameworks, entry points and version."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found
from seamark.intake.discovery.code.programs import load_json
from seamark.intake.discovery.code.services import Service, services
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

NAME: Final = "services"
_MOST_FUNCTIONS: Final = 200


@extractor(NAME, title="Services: what runs, by language and framework")
def extract(tree: Tree) -> Iterator[Found]:
    """Yield a service for every folder with an entry point, a framework's application or an image of its own."""
    for each in tree.once(services).by_folder.values():
        yield Found(
            ref=each.ref,
            name=each.folder.rpartition("/")[2] or tree.repository.rpartition("/")[2],
            origin=NAME,
            at=each.at,
            confidence=each.confidence,
            facts=_facts(tree, each),
        )


def _facts(tree: Tree, service: Service) -> dict[str, Any]:
    facts: dict[str, Any] = {"path": service.folder or ".", "why": service.why}
    if service.kind:
        facts["kind"] = service.kind
    if service.language:
        facts |= {"language": service.language, "languages": service.languages}
    if service.frameworks:
        facts["frameworks"] = list(service.frameworks)
    if service.entry_points:
        facts["entry_points"] = list(service.entry_points)
    if version := _version(tree, service.folder):
        facts["version"] = version
    if functions := _functions(tree, service.folder):
        facts["functions"] = functions
    return facts


_POM_VERSION: Final = re.compile(r"<version>\s*([\w.+-]{1,64})\s*</version>")
_PARENT: Final = re.compile(r"<parent>.{0,5000}?</parent>", re.DOTALL)
_PLAIN: Final = {
    "build.gradle": re.compile(r"^version\s*=?\s*['\"]([\w.+-]{1,64})['\"]", re.MULTILINE),
    "build.gradle.kts": re.compile(r"^version\s*=\s*\"([\w.+-]{1,64})\"", re.MULTILINE),
    "mix.exs": re.compile(r"\bversion:\s*\"([\w.+-]{1,64})\""),
    "VERSION": re.compile(r"\A\s*v?(\d[\w.+-]{0,63})\s*\Z"),
}


def _version(tree: Tree, folder: str) -> str:
    """Return the version that a service's own manifest states, empty where none does."""
    prefix = f"{folder}/" if folder else ""
    content = load_json(tree, prefix + "package.json") if tree.has(prefix + "package.json") else None
    if isinstance(content, dict) and isinstance(content.get("version"), str):
        return str(content["version"])[:64]
    for name, words in (("pyproject.toml", ("project", "tool.poetry")), ("Cargo.toml", ("package",))):
        if (found := _toml(tree, prefix + name, words)) is not None:
            return found
    for name, pattern in _PLAIN.items():
        if tree.has(prefix + name) and (match := pattern.search((tree.text(prefix + name) or "")[:200_000])):
            return match[1]
    if tree.has(prefix + "pom.xml"):
        text = _PARENT.sub("", (tree.text(prefix + "pom.xml") or "")[:200_000]).partition("<dependencies>")[0]
        if match := _POM_VERSION.search(text.partition("<dependencyManagement>")[0]):
            return match[1]
    return ""


def _toml(tree: Tree, path: str, words: tuple[str, ...]) -> str | None:
    if not tree.has(path):
        return None
    try:
        content: Any = tomllib.loads(tree.text(path) or "")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None
    for word in words:
        node = content
        for step in word.split("."):
            node = node.get(step) if isinstance(node, dict) else None
        if isinstance(node, dict) and isinstance(node.get("version"), str):
            return str(node["version"])[:64]
    return None


def _functions(tree: Tree, folder: str) -> list[dict[str, str]]:
    """Return the functions that a serverless.yml or a SAM template in the folder declares."""
    found: list[dict[str, str]] = []
    prefix = f"{folder}/" if folder else ""
    for name in ("serverless.yml", "serverless.yaml", "template.yaml", "template.yml"):
        if not tree.has(prefix + name):
            continue
        for document in tree.documents(prefix + name)[:1]:
            content = document.value if isinstance(document.value, dict) else {}
            functions = content.get("functions")
            for key, value in functions.items() if isinstance(functions, dict) else ():
                if isinstance(value, dict):
                    found.append({"name": str(key), "handler": str(value.get("handler", ""))})
            resources = content.get("Resources")
            for key, value in resources.items() if isinstance(resources, dict) else ():
                if isinstance(value, dict) and value.get("Type") == "AWS::Serverless::Function":
                    given = value.get("Properties")
                    handler = given.get("Handler", "") if isinstance(given, dict) else ""
                    found.append({"name": str(key), "handler": str(handler)})
    return found[:_MOST_FUNCTIONS]
