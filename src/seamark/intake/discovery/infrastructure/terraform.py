"""Terraform and OpenTofu configurations: root modules with the resources of all modules that they call."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from msgspec import Struct, field
from tree_sitter import Node

from seamark.intake.discovery.infrastructure.hcl import Block, Evaluator, read_hcl
from seamark.intake.discovery.infrastructure.hclfunctions import Unknown
from seamark.intake.discovery.infrastructure.values import MOST_PARTS, fits, listed, mapping, plain
from seamark.intake.discovery.tree import Tree, folder_of, joined

_DEEPEST, _MOST_RESOURCES, _MOST_CALLS = 15, 20_000, 2_000
_REFERENCE: Final = re.compile(r"\$\{([^${}]{1,600})\}")
_OWN: Final = frozenset(
    {
        "random",
        "null",
        "local",
        "time",
        "tls",
        "template",
        "archive",
        "external",
        "http",
        "terraform",
        "cloudinit",
        "assert",
        "utils",
    }
)
"""Providers whose resources are nothing in a cloud."""


class Resource(Struct, kw_only=True):
    """A resource as it is declared, its values worked out as far as they can be."""

    address: str
    """With the modules before it: `module.data.aws_db_instance.orders`."""
    type: str
    name: str
    values: dict[str, Any]
    at: str
    key: str = ""
    """The folder or file and the address, as the natural key has them after the repository."""
    confidence: float = 1.0
    count: Any = None
    environment: str = ""
    module: str = ""
    """The source of the module where this is a call of one that is not in the tree."""


class Module(Struct):
    """The files of a folder, read."""

    folder: str
    blocks: list[tuple[str, Block]] = field(default_factory=list)


class Configurations:
    """The Terraform configurations of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._left, self._calls = _MOST_RESOURCES, _MOST_CALLS

    @cached_property
    def modules(self) -> dict[str, Module]:
        """The modules by folder."""
        found: dict[str, Module] = {}
        for path in self._tree.matching("*.tf", "*.tofu", "*.tf.json"):
            if "/.terraform/" in f"/{path}" or path.endswith((".tftest.hcl", "_override.tf.json")):
                continue
            source = self._tree.data(path)
            module = found.setdefault(folder_of(path), Module(folder_of(path)))
            if source is not None:
                blocks = self._from_json(path, source) if path.endswith(".json") else read_hcl(source)
                if (
                    not blocks
                    and source.strip()
                    and not path.endswith(".json")
                    and b"{" in source
                    and not _only_comments(source)
                ):
                    self._tree.trouble(path, "cannot be read as Terraform configuration")
                module.blocks += [(path, each) for each in blocks]
        return found

    @cached_property
    def roots(self) -> list[str]:
        """The folders of modules that no other one calls."""
        called = {
            joined(folder, source)
            for folder, module in self.modules.items()
            for _, block in module.blocks
            if block.type == "module" and (source := _source(block)).startswith(".")
        }
        return [folder for folder in self.modules if folder not in called]

    def resources(self, folder: str) -> list[Resource]:
        """Return the resources of a root module and of those that it calls."""
        return list(_Instance(self, folder, "", self._given(folder), 0, None).resources())

    def take(self, count: int = 1) -> bool:
        """Tell whether another resource may be read, and count it."""
        self._left -= count
        return self._left >= 0

    def call(self) -> bool:
        """Tell whether another module may be entered, and count it."""
        self._calls -= 1
        return self._calls >= 0

    def _given(self, folder: str) -> dict[str, Any]:
        """Return the variables that files beside the configuration set without being asked."""
        found: dict[str, Any] = {}
        for path in self._tree.matching("terraform.tfvars", "*.auto.tfvars"):
            if folder_of(path) == folder and (source := self._tree.data(path)) is not None:
                for block in read_hcl(source):
                    if not block.type:
                        found |= Evaluator(_nothing).body(block)
        return found

    def _from_json(self, path: str, source: bytes) -> list[Block]:
        """Return the blocks of a JSON configuration, by way of the native syntax."""
        try:
            content = mapping(json.loads(source))
        except (ValueError, RecursionError):
            self._tree.trouble(path, "is not valid JSON")
            return []
        out: list[str] = []
        for kind, labels in (
            ("resource", 2),
            ("data", 2),
            ("module", 1),
            ("variable", 1),
            ("output", 1),
            ("locals", 0),
            ("provider", 1),
        ):
            for given in listed(content.get(kind)):
                for names, body in _labelled(mapping(given), labels):
                    heads = " ".join(json.dumps(name) for name in names)
                    inside = "\n".join(
                        f"{name} = {_native(value, 0)}"
                        for name, value in mapping(body).items()
                        if _NAME.fullmatch(name)
                    )
                    out.append(f"{kind} {heads} {{\n{inside}\n}}")
        return read_hcl("\n".join(out).encode())


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,200}")


def _labelled(value: dict[str, Any], labels: int) -> Iterator[tuple[list[str], Any]]:
    if labels == 0:
        yield [], value
        return
    for name, inner in value.items():
        for each in inner if isinstance(inner, list) else [inner]:
            for names, body in _labelled(mapping(each), labels - 1):
                yield [name, *names], body


def _native(value: Any, depth: int) -> str:
    if depth > 60:
        return "null"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(
                f"{json.dumps(key)} = {_native(each, depth + 1)}" for key, each in value.items() if isinstance(key, str)
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_native(each, depth + 1) for each in value) + "]"
    return json.dumps(value)


def _only_comments(source: bytes) -> bool:
    return not re.sub(rb"/\*.*?\*/|(?:#|//)[^\n]*", b"", source, flags=re.DOTALL).strip()


def _nothing(way: list[Any]) -> Any:
    raise Unknown("${" + ".".join(str(each) for each in way) + "}")


def _source(block: Block) -> str:
    node = block.attributes.get("source")
    return plain(Evaluator(_nothing).value(node)) if node is not None else ""


class _Instance:
    """A module as one caller calls it."""

    def __init__(
        self,
        all_: Configurations,
        folder: str,
        prefix: str,
        given: dict[str, Any],
        depth: int,
        call: tuple[_Instance, Block] | None,
    ) -> None:
        self._all, self._folder, self._prefix, self._given, self._depth = all_, folder, prefix, given, depth
        self._module, self._call = all_.modules[folder], call
        self._busy: set[str] = set()
        self._known: dict[str, Any] = {}
        self._inner: dict[str, _Instance | None] = {}
        self._evaluator = Evaluator(self._lookup)
        self._locals = {
            name: node
            for _, block in self._module.blocks
            if block.type == "locals"
            for name, node in block.attributes.items()
        }
        self._named = {
            (block.type, block.labels[0]): block
            for _, block in self._module.blocks
            if block.type in {"variable", "output", "module"} and block.labels
        }

    def resources(self) -> Iterator[Resource]:
        for path, block in self._module.blocks:
            if block.type == "resource" and len(block.labels) == 2 and block.labels[0].partition("_")[0] not in _OWN:
                if self._all.take():
                    yield self._resource(path, block)
            elif block.type == "data" and block.labels[:1] == ["aws_iam_policy_document"] and len(block.labels) == 2:
                found = self._resource(path, block)
                found.address = self._prefix + "data." + ".".join(block.labels)
                found.type = "data.aws_iam_policy_document"
                yield found
            elif block.type == "module" and block.labels:
                inner = self._called(block.labels[0])
                if inner is not None:
                    yield from inner.resources()
                elif not _source(block).startswith(".") and self._all.take():
                    found = self._resource(path, block)
                    found.address, found.type, found.name = (
                        f"{self._prefix}module.{block.labels[0]}",
                        "module",
                        block.labels[0],
                    )
                    found.module = _source(block)
                    yield found

    def _resource(self, path: str, block: Block) -> Resource:
        values = self._evaluator.body(block)
        count = values.get(
            "count", 1 if not isinstance(values.get("for_each"), (list, dict)) else len(values["for_each"])
        )
        return Resource(
            address=self._prefix + ".".join(block.labels), type=block.labels[0], name=block.labels[-1], values=values, at=f"{path}:{block.line}",
            count=count, confidence=0.5 if count == 0 and not isinstance(count, bool) else 1.0,
        )  # fmt: skip

    def _called(self, name: str) -> _Instance | None:
        """Return the module of a call where it is in the tree."""
        if name not in self._inner:
            self._inner[name] = None
            block = self._named.get(("module", name))
            source = _source(block) if block is not None else ""
            folder = joined(self._folder, source) if source.startswith(".") else ""
            if (
                block is not None
                and source.startswith(".")
                and folder in self._all.modules
                and self._depth < _DEEPEST
                and self._all.call()
            ):
                self._inner[name] = _Instance(
                    self._all, folder, f"{self._prefix}module.{name}.", {}, self._depth + 1, (self, block)
                )
        return self._inner[name]

    def _lookup(self, way: list[Any]) -> Any:
        head = way[0]
        steps = [each for each in way[1:] if isinstance(each, str) and each != "*"]
        if head in {"var", "local"} and steps:
            return _walk(self._settled(head, steps[0]), way[2:])
        if head == "module" and len(steps) > 1:
            inner = self._called(steps[0])
            if inner is not None:
                return _walk(inner.output(steps[1]), [each for each in way[2:] if each != "*"][1:])
        if head == "path":
            return "."
        if head == "terraform" and steps == ["workspace"]:
            return "default"
        if head in {"count", "each", "self"} or not steps:
            raise Unknown("${" + ".".join(str(each) for each in way) + "}")
        # Positions are left out: all instances of a resource are one.
        raise Unknown("${" + self._prefix * (head not in {"var", "local"}) + ".".join([head, *steps]) + "}")

    def _settled(self, head: str, name: str) -> Any:
        place = f"{head}.{name}"
        if place in self._known:
            return self._known[place]
        if place in self._busy or len(self._busy) > 100:
            raise Unknown("${" + place + "}")
        self._busy.add(place)
        try:
            if head == "var" and name in self._given:
                value = self._given[name]
            elif head == "var" and self._call is not None and name in self._call[1].attributes:
                # Worked out only now: modules may give each other what they put out.
                value = self._call[0].value(self._call[1].attributes[name])
            else:
                block = self._named.get(("variable", name))
                node = (
                    self._locals.get(name)
                    if head == "local"
                    else block.attributes.get("default")
                    if block is not None
                    else None
                )
                if node is None:
                    raise Unknown("${" + place + "}")
                value = self._evaluator.value(node)
            if not fits(value, MOST_PARTS // 10):
                raise Unknown("")
            self._known[place] = value
            return value
        finally:
            self._busy.discard(place)

    def value(self, node: Node) -> Any:
        """Return the value of an expression that stands in this module."""
        return self._evaluator.value(node)

    def output(self, name: str) -> Any:
        """Return the value of an output."""
        block = self._named.get(("output", name))
        place = f"output.{name}"
        if block is None or "value" not in block.attributes or place in self._busy or len(self._busy) > 100:
            raise Unknown("")
        if place not in self._known:
            self._busy.add(place)
            with contextlib.suppress(Unknown):
                value = self._evaluator.value(block.attributes["value"])
                self._known[place] = value if fits(value, MOST_PARTS // 10) else None
            self._busy.discard(place)
        return self._known.get(place)


def _walk(value: Any, way: list[Any]) -> Any:
    for step in way:
        if step == "*":
            continue
        if isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        elif isinstance(value, dict) and isinstance(step, str):
            return None  # an attribute that the variable's type lets be left out
        elif isinstance(value, list) and isinstance(step, int) and -1 < step < len(value):
            value = value[step]
        elif isinstance(value, str) and value.startswith("${") and value.endswith("}"):
            value = value[:-1] + (f".{step}" if isinstance(step, str) else "") + "}"
        else:
            raise Unknown("")
    return value


def references(text: str) -> list[str]:
    """Return what a value refers to: the insides of its `${…}`."""
    return _REFERENCE.findall(text)
