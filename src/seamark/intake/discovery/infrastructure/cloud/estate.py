"""The resources of one configuration, and the ways between them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from seamark.intake.discovery.infrastructure.cloud.types import COMPUTE, ENGINES, MODULES, SECRETS, STORES
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import MOST_STEPS, listed, mapping, plain, texts

_TOKEN: Final = re.compile(
    r"[A-Za-z_][A-Za-z0-9_-]{0,200}(?:\.[A-Za-z_][A-Za-z0-9_-]{0,200}){1,40}|[A-Za-z][A-Za-z0-9]{0,254}"
)
_INSIDE: Final = re.compile(r"\$\{([^${}]{1,2000})\}")
_NAMES: Final = ("bucket", "identifier", "cluster_identifier", "function_name", "table_name", "name", "service_name", "secret_id", "db_name", "id", "replication_group_id", "domain_name", "dataset_id", "domain")  # fmt: skip
_ARN: Final = re.compile(r"arn:[a-z-]*:([a-z0-9-]+):[^:]*:[^:]*:(.*)", re.DOTALL)


class Estate:
    """Resources that are declared together."""

    def __init__(self, resources: list[Resource]) -> None:
        self.resources = [_known_module(each) for each in resources]
        self._by_address = {each.address: each for each in self.resources}

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of some types."""
        for each in types:
            yield from self._by_type.get(each, ())

    def at(self, address: str) -> Resource:
        """Return the resource of an address. Raises `KeyError` where there is none."""
        return self._by_address[address]

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for each in self.resources:
            found.setdefault(each.type, []).append(each)
        return found

    def referred(self, value: Any) -> list[Resource]:
        """Return the resources that a value refers to, each once."""
        found: dict[str, Resource] = {}
        for _, text in texts(value):
            if "${" not in text:
                continue
            for inside in _INSIDE.findall(text)[:200]:
                for token in _TOKEN.findall(inside)[:50]:
                    if (each := self._resource(token)) is not None:
                        found.setdefault(each.address, each)
        return list(found.values())

    def _resource(self, token: str) -> Resource | None:
        while token:
            if token in self._by_address:
                return self._by_address[token]
            token = token.rpartition(".")[0]
        return None

    @cached_property
    def _out(self) -> dict[str, list[Resource]]:
        return {each.address: [to for to in self.referred(each.values) if to is not each] for each in self.resources}

    @cached_property
    def _in(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for each in self.resources:
            for to in self._out[each.address]:
                found.setdefault(to.address, []).append(each)
        return found

    def from_(self, each: Resource) -> list[Resource]:
        """Return what a resource refers to."""
        return self._out.get(each.address, [])

    def to(self, each: Resource, *types: str) -> list[Resource]:
        """Return the resources, of some types perhaps, that refer to a resource."""
        return [one for one in self._in.get(each.address, []) if not types or one.type in types]

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], Resource]:
        return {(each.type, name): each for each in self.resources if (name := name_of(each)) and "${" not in name}

    def named(self, text: str, types: tuple[str, ...]) -> Resource | None:
        """Return the resource of some types that an ARN or a name means."""
        match = _ARN.fullmatch(text)
        name = match[2] if match else text
        words = [
            name,
            name.partition("/")[0],
            name.partition("/")[2].partition("/")[0],
            name.partition(":")[2],
            name.partition(":")[2].rpartition("-")[0],
        ]
        for type_ in types:
            for word in words:
                if word and (found := self._by_name.get((type_, word))) is not None:
                    return found
        return None


def _known_module(each: Resource) -> Resource:
    """Return the call of a module of the registry as the resource that it is about."""
    if each.type == "module":
        name = each.module.partition("//")[0].rstrip("/").split("/")
        word = name[-2] if len(name) > 2 else ""
        if (known := MODULES.get(word)) and "//" not in each.module:
            each.type, each.confidence = known, min(each.confidence, 0.8)
    return each


def every(value: Any, *path: str) -> list[Any]:
    """Return all values under a way of keys; lists on the way are gone through one by one, as blocks may repeat."""
    found = [value]
    for step in path:
        inner: list[Any] = []
        for each in found[:MOST_STEPS]:
            inner += [one[step] for one in listed(each) if isinstance(one, dict) and step in one]
        found = inner
    return [one for each in found for one in (each if isinstance(each, list) else [each])][:MOST_STEPS]


def one(value: Any, *path: str) -> Any:
    """Return the first value under a way of keys, None where there is none."""
    return next(iter(every(value, *path)), None)


def name_of(each: Resource) -> str:
    """Return the name that a resource bears in the cloud, empty where it is not known."""
    return next((name for key in _NAMES if (name := plain(each.values.get(key))) and "${" not in name), "")


def engine_of(each: Resource) -> str:
    """Return the engine of a data store."""
    given = plain(
        each.values.get("engine") or each.values.get("database_version") or each.values.get("engine_type")
    ).lower()
    if (known := STORES.get(each.type, "")) != "" and not given:
        return known
    word = re.split(r"[_0-9]", given)[0].rstrip("-") if given else ""
    return (
        ENGINES.get(given)
        or ENGINES.get(word)
        or next((engine for name, engine in ENGINES.items() if given.startswith(name)), "")
        or STORES.get(each.type, "")
    )


def is_store(each: Resource) -> bool:
    """Tell whether a resource holds data."""
    return each.type in STORES


def is_secret(each: Resource) -> bool:
    """Tell whether a resource holds secrets."""
    return each.type in SECRETS and not (
        each.type == "aws_ssm_parameter" and plain(each.values.get("type")) in {"String", "StringList"}
    )


def is_compute(each: Resource) -> bool:
    """Tell whether a resource runs programs."""
    return each.type in COMPUTE


def document(value: Any) -> dict[str, Any]:
    """Return a policy, or another JSON document that is given as text or as values."""
    if isinstance(value, str):
        try:
            value = json.loads(value[:500_000])
        except (ValueError, RecursionError):
            return {}
    return mapping(value)
