"""Terraform and OpenTofu: resources, data stores, who reaches them, and from where; from configurations, plans and states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import Found, Listing, Relation
from seamark.intake.discovery.infrastructure.builds import builds_of
from seamark.intake.discovery.infrastructure.cloud.report import Reporter
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.terraform import Configurations, Resource
from seamark.intake.discovery.infrastructure.values import mapping, plain, sequence
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_NAME: Final = "terraform"
_RECORDS: Final = ("*.tfstate", "*tfplan*.json", "*plan.json", "plan*.json")
_DEEPEST: Final = 20


@extractor(_NAME, title="Terraform: resources, data stores, exposure, access")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield the resources of each root module with those of the modules that it calls; then what plans and states hold."""
    configurations, builds = Configurations(tree), builds_of(tree)
    for folder in configurations.roots:
        resources = configurations.resources(folder)
        for each in resources:
            each.key, each.environment = f"{folder or '.'}#{each.address}", environment_of(folder)
        yield from Reporter(tree, builds, resources, _NAME).read()
    for path in tree.matching(*_RECORDS):
        resources = _recorded(tree, path)
        if resources:
            yield from Reporter(tree, builds, resources, _NAME).read()


def _recorded(tree: Tree, path: str) -> list[Resource]:
    """Return the resources of a plan or a state in JSON; none of other files."""
    source = tree.data(path)
    if source is None or (b'"terraform_version"' not in source and b'"planned_values"' not in source):
        return []
    try:
        content = mapping(json.loads(source))
    except (ValueError, RecursionError):
        tree.trouble(path, "is not valid JSON")
        return []
    root = content.get("planned_values") or content.get("values")
    found = (
        list(_of_module(mapping(mapping(root).get("root_module")), path, 0)) if root else list(_of_state(content, path))
    )
    _connected(found, mapping(mapping(content.get("configuration")).get("root_module")))
    for each in found:
        each.key = f"{folder_of(path) or '.'}#{each.address}"
    return found


def _of_module(module: dict[str, Any], path: str, depth: int) -> Iterator[Resource]:
    for each in map(mapping, sequence(module.get("resources"))[:20_000]):
        if each.get("mode", "managed") == "managed":
            yield _resource(plain(each.get("address")), each, mapping(each.get("values")), path)
    for inner in sequence(module.get("child_modules"))[:2_000] if depth < _DEEPEST else ():
        yield from _of_module(mapping(inner), path, depth + 1)


def _of_state(content: dict[str, Any], path: str) -> Iterator[Resource]:
    for each in map(mapping, sequence(content.get("resources"))[:20_000]):
        instances = sequence(each.get("instances"))
        if each.get("mode", "managed") == "managed" and instances:
            module = plain(each.get("module"))
            address = (f"{module}." if module else "") + f"{plain(each.get('type'))}.{plain(each.get('name'))}"
            yield _resource(address, each, mapping(mapping(instances[0]).get("attributes")), path, module="state")


def _resource(address: str, each: dict[str, Any], values: dict[str, Any], path: str, module: str = "") -> Resource:
    plainly = "".join(part.partition("]")[2] if index else part for index, part in enumerate(address.split("[")))
    return Resource(
        address=plainly,
        type=plain(each.get("type")),
        name=plain(each.get("name")),
        values=values,
        at=f"{path}:1",
        module=module,
    )


def _connected(resources: list[Resource], configuration: dict[str, Any]) -> None:
    """Put references between resources back in: values that are another one's id or ARN, and what a plan says of its expressions."""
    known: dict[str, str] = {}
    for each in resources:
        for key in ("arn", "id", "dns_name", "endpoint", "invoke_arn"):
            value = each.values.get(key)
            if isinstance(value, str) and len(value) > 3 and not value.isdigit():
                known.setdefault(value, f"${{{each.address}.{key}}}")
    for each in resources:
        own = {each.values.get(key) for key in ("arn", "id") if isinstance(each.values.get(key), str)}
        each.values = {
            key: _replaced(value, known, own, 0) if key not in {"arn", "id", "name", "bucket_domain_name"} else value
            for key, value in each.values.items()
        }
    by_address = {each.address: each for each in resources}
    for said in map(mapping, sequence(configuration.get("resources"))[:20_000]):
        found = by_address.get(plain(said.get("address")))
        for key, expression in mapping(said.get("expressions")).items() if found is not None else ():
            names = [plain(name) for name in sequence(mapping(expression).get("references"))]
            if found is not None and names and found.values.get(key) in (None, ""):
                found.values[key] = f"${{{names[0]}}}"


def _replaced(value: Any, known: dict[str, str], own: set[Any], depth: int) -> Any:
    if isinstance(value, str):
        return known.get(value, value) if value not in own else value
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        return {key: _replaced(each, known, own, depth + 1) for key, each in value.items()}
    return [_replaced(each, known, own, depth + 1) for each in value] if isinstance(value, list) else value
