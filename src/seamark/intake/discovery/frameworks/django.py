"""Django's `urls.py`: path, re_path, url, include."""

from __future__ import annotations

import re

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import ALL_ROUTERS, Declared, Facts, Mount, Source, string
from seamark.intake.discovery.frameworks.python import Call, imports, read_call
from seamark.intake.discovery.syntax import ancestors, find, first, text

HINTS = (b"urlpatterns",)

_PATTERNS = frozenset({"path", "re_path", "url"})


def read(source: Source) -> Facts:
    """Return the routes of a URL configuration."""
    facts = Facts(imports=imports(source), routers={"urlpatterns": ""})
    for node in find(source.root, "python", "call"):
        call = read_call(node)
        path = _written(call)
        if path is None:
            continue
        prefix = "".join(
            reversed(
                [above for each in ancestors(node) if each.type == "call" and (above := _written(read_call(each)))]
            )
        )
        target = call.argument(1, "view")
        included = read_call(target) if target is not None and target.type == "call" else None
        if included is not None and included.name == "include":
            facts.mounts += _included(prefix + path, included)
        elif target is not None:
            view = text(target).partition(".as_view(")[0].partition("(")[0]
            facts.declared.append(Declared(prefix + path, "django", router="urlpatterns", handler=view))
            if view.endswith(".urls"):  # Django Ninja: path("api/", api.urls)
                facts.mounts.append(Mount("urlpatterns", prefix + path, view.removesuffix(".urls")))
    return facts


def _written(call: Call) -> str | None:
    """Return the path that a pattern adds."""
    if call.name not in _PATTERNS or call.owner:
        return None
    value = string(call.argument(0, "route", "regex"))
    return value if value is None or call.name == "path" else from_expression(value)


def _included(prefix: str, included: Call) -> list[Mount]:
    what: Node | None = included.argument(0, "arg")
    if what is not None and what.type == "tuple":
        what = first(what)
    module = string(what)
    if module is not None:
        return [Mount("urlpatterns", prefix, f"{module}:{ALL_ROUTERS}")]
    if what is not None and what.type in {"identifier", "attribute"}:
        return [Mount("urlpatterns", prefix, text(what))]
    return []  # a list: its patterns stand inside of this call and find their prefix there


_GROUP = re.compile(r"\((?:\?P<(\w+)>)?(?!\?)(?:[^()]|\([^()]*\))*\)[?*+]?")


def from_expression(expression: str) -> str:
    r"""Return the template of a pattern: `^orders/(?P<pk>\d+)/$` is `orders/{pk}/`."""
    path = _GROUP.sub(lambda match: "{" + (match[1] or "value") + "}", expression.removeprefix("^"))
    path = path.removesuffix("$").removesuffix("\\Z")
    return path.replace("/?", "/").replace("\\", "")
