"""Routes that OpenAPI 2 and 3 documents describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml

from seamark.core.checkout import Route

HINTS = (b"openapi", b"swagger")
MOST_PATHS, MOST_PARAMETERS = 5_000, 200
"""Paths taken of a document and parameters taken of an operation."""
_MOST_STEPS = 64
"""Schemas looked at for the fields of one request body: they may refer to each other in circles."""

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

_DEEPEST = 200
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_openapi(source: bytes) -> list[Route]:
    """Return the routes of an OpenAPI document in JSON or YAML; none of anything else, broken documents among them."""
    document = _load(source)
    if not isinstance(document, dict) or not ({"openapi", "swagger"} & document.keys()):
        return []
    paths = document.get("paths")
    found = []
    for path, given in list(paths.items())[:MOST_PATHS] if isinstance(paths, dict) else ():
        item = deref(document, given)
        if not isinstance(path, str) or not isinstance(item, dict):
            continue
        whole = base_path(document) + "/" + path.lstrip("/")
        for method in _METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                names = dict.fromkeys(
                    [*_parameters(document, item), *_parameters(document, operation), *_body(document, operation)]
                )
                found.append(
                    Route(
                        path=whole, method=method.upper(), parameters=tuple(names)[:MOST_PARAMETERS], origin="openapi"
                    )
                )
    return found


def _load(source: bytes) -> Any:
    try:
        return msgspec.json.decode(source) if source.lstrip()[:1] == b"{" else _yaml(source)
    except (yaml.YAMLError, msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _yaml(source: bytes) -> Any:
    """Return the first document of a YAML file with plain strings for all scalars.

    From the parser's events: the library's own constructors recurse in C and crash on deep nesting, multiply merge keys, and
    compute numbers of any length. An alias is the very object that it names, which may stand inside of itself.
    """
    top: list[Any] = []
    around: list[Any] = [top]
    keys: list[Any] = [None]
    anchors: dict[str, Any] = {}
    for event in yaml.parse(source, Loader=_LOADER):
        match event:
            case yaml.DocumentEndEvent():
                break
            case yaml.CollectionEndEvent():
                around.pop()
                keys.pop()
                continue
            case yaml.ScalarEvent():
                value: Any = event.value
            case yaml.AliasEvent():
                value = anchors.get(event.anchor or "")
            case yaml.SequenceStartEvent():
                value = []
            case yaml.MappingStartEvent():
                value = {}
            case _:
                continue
        if not isinstance(event, yaml.AliasEvent) and event.anchor:
            anchors[event.anchor] = value
        _put(around[-1], keys, value)
        if isinstance(event, yaml.CollectionStartEvent):
            around.append(value)
            keys.append(None)
            if len(around) > _DEEPEST:
                return None
    return top[0] if top else None


def _put(holder: Any, keys: list[Any], value: Any) -> None:
    """Add a value to a list; to a mapping, first as the key, then as what stands under it."""
    if isinstance(holder, list):
        holder.append(value)
    elif keys[-1] is None:
        keys[-1] = (value,)
    else:
        key = keys[-1][0]
        if isinstance(key, str):
            holder[key] = value
        keys[-1] = None


def base_path(document: Mapping[str, Any]) -> str:
    """Return the path that all others stand below."""
    given = document.get("basePath")
    if given is None:
        servers = document.get("servers")
        first = servers[0] if isinstance(servers, list) and servers else None
        url = first.get("url") if isinstance(first, dict) else None
        try:
            given = urlsplit(url).path if isinstance(url, str) and "{" not in url else ""
        except ValueError:
            given = ""
    return "/" + given.strip("/") if isinstance(given, str) and given.strip("/") else ""


def deref(document: Any, node: Any) -> Any:
    """Follow `$ref` inside of the document, a few steps at most."""
    for _ in range(8):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str):
            return node
        if not reference.startswith("#/"):
            return None
        node = document
        for step in reference[2:].split("/")[:16]:
            node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return None


def _parameters(document: Any, node: Mapping[str, Any]) -> Iterator[str]:
    given = node.get("parameters")
    for each in given[:MOST_PARAMETERS] if isinstance(given, list) else ():
        parameter = deref(document, each)
        if not isinstance(parameter, dict):
            continue
        if parameter.get("in") == "body":
            yield from _fields(document, parameter.get("schema"))
        elif isinstance(parameter.get("name"), str):
            yield parameter["name"]


def _body(document: Any, operation: Mapping[str, Any]) -> Iterator[str]:
    body = deref(document, operation.get("requestBody"))
    content = body.get("content") if isinstance(body, dict) else None
    for media in list(content.values())[:8] if isinstance(content, dict) else ():
        if isinstance(media, dict):
            yield from _fields(document, media.get("schema"))


def _fields(document: Any, schema: Any) -> Iterator[str]:
    """Yield the names of a schema's own fields and of those that it is put together from."""
    waiting = [schema]
    for _ in range(_MOST_STEPS):
        if not waiting:
            return
        node = deref(document, waiting.pop())
        if not isinstance(node, dict):
            continue
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from [name for name in list(properties)[:MOST_PARAMETERS] if isinstance(name, str)]
        for word in ("allOf", "oneOf", "anyOf"):
            parts = node.get(word)
            waiting += parts[:_MOST_STEPS] if isinstance(parts, list) else []
        waiting += [node["items"]] if isinstance(node.get("items"), dict) else []
