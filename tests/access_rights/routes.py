"""Every way in: the names of the web's addresses, the operations of the API, SCIM and the webhooks, and what to send them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern

from seamark.interfaces.api.api import api

METHODS = ("GET", "POST")
SCIM = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNNAMED = {
    "admission/v1/validate/<str:first>", "admission/v1/validate/<str:first>/<str:second>",
}  # fmt: skip
"""Longer forms of an address that has a name."""


class Way(NamedTuple):
    """A way in. `name` is an address' name, or the path of an operation."""

    sort: str
    name: str
    method: str


class Things(NamedTuple):
    """What the requests are about, by the name of the parameter or the part of the address that stands before it."""

    values: dict[str, Any]

    def of(self, name: str, parameter: str) -> str:
        """Return the value of a parameter of a way."""
        for key in (f"{name} {parameter}", f"{_first(name)} {parameter}", parameter):
            if key in self.values:
                return str(self.values[key])
        raise AssertionError(f"{name}: say in tests/access_rights/test_matrix.py what {parameter!r} is")


def _first(name: str) -> str:
    """Return the collection that an operation is about: `/risk/profiles` of `/api/v1/risk/profiles/{number}/apply`."""
    return name.removeprefix("/api/v1").partition("/{")[0]


@cache
def web() -> dict[str, tuple[str, ...]]:
    """Return the names of addresses with their parameters; the API's are left out."""
    return {name: tuple(dict.fromkeys(given)) for name, given in _walk(get_resolver().url_patterns, "")}


def _walk(patterns: list[Any], before: str) -> Iterator[tuple[str, list[str]]]:
    for one in patterns:
        if isinstance(one, URLPattern):
            if one.name is None:
                assert before + str(one.pattern) in UNNAMED, f"{before}{one.pattern} has no name"
                continue
            yield one.name, [*one.pattern.converters, *one.pattern.regex.groupindex]
        elif getattr(one, "namespace", None) is None:
            yield from _walk(one.url_patterns, before + str(one.pattern))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and description of the API's operations."""
    for path, several in api.get_openapi_schema()["paths"].items():
        for method, described in several.items():
            yield path, method.upper(), described


def ways() -> list[Way]:
    """Return every way in, in the order in which the matrix lists them."""
    found = [Way("web", name, method) for name in web() for method in (SCIM if name.startswith("scim-") else METHODS)]
    found += [Way("api", path, method) for path, method, _ in operations()]
    return sorted(set(found))


def address(way: Way, things: Things) -> str:
    """Return where a way leads."""
    if way.sort == "web":
        return reverse(way.name, kwargs={one: things.of(way.name, one) for one in web()[way.name]})
    path = way.name
    while "{" in path:
        parameter = path.partition("{")[2].partition("}")[0]
        path = path.replace(f"{{{parameter}}}", things.of(way.name, parameter))
    return path


def report() -> io.BytesIO:
    """Return a report that is one."""
    content = io.BytesIO(
        b'[{"code": "DL3006", "message": "Tag the image", "level": "warning", "file": "Dockerfile", "line": 1, "column": 1}]'
    )
    content.name = "hadolint.json"
    return content
