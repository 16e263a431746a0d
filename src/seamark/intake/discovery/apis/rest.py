"""OpenAPI 2 and 3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from seamark.intake.discovery.apis.described import (
    MOST_FIELDS,
    MOST_OPERATIONS,
    Description,
    Field,
    Operation,
    is_fixture,
    load,
    words,
)
from seamark.intake.discovery.openapi import HINTS, base_path, deref
from seamark.intake.discovery.routes import template
from seamark.intake.discovery.tree import Tree

METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_MOST_STEPS: Final = 64
_DATA_CLASS: Final = ("x-data-class", "x-data-classes", "x-data-classification", "x-pii")


def openapi(tree: Tree) -> tuple[Description, ...]:
    """Return the OpenAPI documents of a tree; ask with `tree.once(openapi)`."""
    found = []
    for path in tree.matching("*.json", "*.yaml", "*.yml"):
        if is_fixture(path):
            continue
        data = tree.data(path)
        if data is None or not any(hint in data[:4000] for hint in HINTS):
            continue
        document = load(tree, path)
        if (
            isinstance(document, dict)
            and isinstance(document.get("paths"), dict)
            and ({"openapi", "swagger"} & document.keys())
        ):
            found.append(_description(tree, path, document))
    return tuple(found)


def _description(tree: Tree, path: str, document: dict[str, Any]) -> Description:
    info = document.get("info")
    info = info if isinstance(info, dict) else {}
    lines = _lines(tree.text(path) or "")
    return Description(
        path, "openapi", words(info.get("title")), words(info.get("version")), tuple(_servers(document)), tuple(_operations(document, lines)),
    )  # fmt: skip


_KEY: Final = re.compile(r"""^[ \t]*(["']?)(/[^"'\n]{0,500}?)\1[ \t]*:""", re.MULTILINE)


def _lines(text: str) -> dict[str, int]:
    """Return the line on which each path of a document stands."""
    found: dict[str, int] = {}
    line, last = 1, 0
    for match in _KEY.finditer(text):
        line += text.count("\n", last, match.start(2))
        last = match.start(2)
        found.setdefault(match[2], line)
    return found


def _servers(document: Mapping[str, Any]) -> Iterator[str]:
    servers = document.get("servers")
    for each in servers[:20] if isinstance(servers, list) else ():
        if isinstance(each, dict) and isinstance(each.get("url"), str):
            yield each["url"][:500]
    if isinstance(document.get("host"), str):
        schemes = document.get("schemes")
        scheme = schemes[0] if isinstance(schemes, list) and schemes and isinstance(schemes[0], str) else "https"
        yield f"{scheme}://{document['host']}{words(document.get('basePath'))}"[:500]


def _operations(document: dict[str, Any], lines: Mapping[str, int]) -> Iterator[Operation]:
    everywhere, base, count = document.get("security"), base_path(document), 0
    for path, given in document["paths"].items():
        item = deref(document, given)
        if not isinstance(path, str) or not isinstance(item, dict):
            continue
        for method in METHODS:
            operation = item.get(method)
            if not isinstance(operation, dict):
                continue
            count += 1
            if count > MOST_OPERATIONS:
                return
            demanded = operation.get("security", everywhere)
            schemes = tuple(dict.fromkeys(
                name for each in (demanded if isinstance(demanded, list) else ()) if isinstance(each, dict) for name in each if isinstance(name, str)
            ))  # fmt: skip
            taken = [*_parameters(document, item), *_parameters(document, operation)]
            asked = list(_request(document, operation))[:MOST_FIELDS]
            answered = list(_answers(document, operation))[:MOST_FIELDS]
            yield Operation(
                method.upper(), template(base + "/" + path.lstrip("/")), lines.get(path, 1), words(operation.get("operationId")),
                bool(schemes) and not (isinstance(demanded, list) and {} in demanded), schemes,
                tuple(dict.fromkeys(field.name for field in taken)), tuple(dict.fromkeys([*taken, *asked, *answered])),
                tuple(dict.fromkeys(field.name for field in asked)),
            )  # fmt: skip


def _parameters(document: Any, node: Mapping[str, Any]) -> Iterator[Field]:
    given = node.get("parameters")
    for each in given[:200] if isinstance(given, list) else ():
        parameter = deref(document, each)
        if not isinstance(parameter, dict) or parameter.get("in") == "body":
            continue
        if isinstance(parameter.get("name"), str):
            schema = deref(document, parameter.get("schema"))
            yield _field(parameter["name"], schema if isinstance(schema, dict) else parameter, parameter, "")


def _field(name: str, schema: Mapping[str, Any], also: Mapping[str, Any], holder: str) -> Field:
    classes: list[str] = []
    for word in _DATA_CLASS:
        value = schema.get(word, also.get(word))
        if value is True and word == "x-pii":
            classes.append("PII")
        classes += [
            each.upper().replace("-", "_").replace(" ", "_")
            for each in (value if isinstance(value, list) else [value])
            if isinstance(each, str) and re.fullmatch(r"[A-Za-z][\w -]{1,30}", each)
        ]
    kind = schema.get("format") or schema.get("type")
    return Field(name[:200], kind if isinstance(kind, str) else "", tuple(dict.fromkeys(classes)), holder)


def _request(document: Any, operation: Mapping[str, Any]) -> Iterator[Field]:
    given = operation.get("parameters")
    for each in given[:200] if isinstance(given, list) else ():
        parameter = deref(document, each)
        if isinstance(parameter, dict) and parameter.get("in") == "body":
            yield from fields_of(document, parameter.get("schema"))
    yield from _content(document, deref(document, operation.get("requestBody")))


def _answers(document: Any, operation: Mapping[str, Any]) -> Iterator[Field]:
    responses = operation.get("responses")
    for status, given in list(responses.items())[:20] if isinstance(responses, dict) else ():
        answer = deref(document, given)
        if str(status)[:1] in {"2", "d"} and isinstance(answer, dict):
            yield from fields_of(document, answer.get("schema"))
            yield from _content(document, answer)


def _content(document: Any, body: Any) -> Iterator[Field]:
    content = body.get("content") if isinstance(body, dict) else None
    for media in list(content.values())[:4] if isinstance(content, dict) else ():
        if isinstance(media, dict):
            yield from fields_of(document, media.get("schema"))


def fields_of(document: Any, schema: Any) -> Iterator[Field]:
    """Yield a schema's fields and those of the schemas that they are made of; circles end at a bound."""
    waiting, seen = [schema], set()
    for _ in range(_MOST_STEPS):
        if not waiting:
            return
        given = waiting.pop(0)
        reference = given.get("$ref") if isinstance(given, dict) else None
        node = deref(document, given)
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        holder = reference.rpartition("/")[2] if isinstance(reference, str) else ""
        properties = node.get("properties")
        for name, inner in list(properties.items())[:MOST_FIELDS] if isinstance(properties, dict) else ():
            value = deref(document, inner)
            if isinstance(name, str) and isinstance(value, dict):
                yield _field(name, value, inner if isinstance(inner, dict) else {}, holder)
                waiting.append(inner)
        for word in ("allOf", "oneOf", "anyOf"):
            parts = node.get(word)
            waiting += parts[:_MOST_STEPS] if isinstance(parts, list) else []
        waiting += [node["items"]] if isinstance(node.get("items"), dict) else []
