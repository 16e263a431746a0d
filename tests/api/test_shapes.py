"""Names of the shapes in the API's description: one name means one thing."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from collections import Counter

from ninja import Schema

from seamark.interfaces import api
from seamark.interfaces.api.api import api as described


def test_no_two_shapes_share_a_name() -> None:
    """The description keeps shapes by their names alone: the second of a name would take the first one's place."""
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(api.__path__, f"{api.__name__}.")]
    classes = {
        one
        for module in modules
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Schema) and one.__module__ == module.__name__
    }
    names = Counter(one.__name__ for one in classes)
    text = json.dumps(described.get_openapi_schema())
    referred = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert sorted(name for name, count in names.items() if count > 1 and name in referred) == []
