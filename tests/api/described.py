"""The API's own description as the judge of its answers."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema
import msgspec
from django.http import HttpResponse

from seamark.interfaces.api.api import api


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI document as a client sees it."""
    return msgspec.json.decode(msgspec.json.encode(api.get_openapi_schema()))


def operation_of(method: str, path: str) -> dict[str, Any]:
    """Return the description of what a request asks for."""
    for template, operations in description()["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) and method.lower() in operations:
            return operations[method.lower()]
    raise AssertionError(f"{method} {path} is not described")


def check(method: str, path: str, answer: HttpResponse) -> None:
    """Fail where an answer's status, media type or body is not as described."""
    described = operation_of(method, path.partition("?")[0])["responses"]
    assert str(answer.status_code) in described, f"{method} {path}: status {answer.status_code} is not described"
    contents = described[str(answer.status_code)].get("content", {})
    if not contents:
        assert b"".join(answer) == b""
        return
    media_type = answer["Content-Type"].partition(";")[0]
    assert media_type in contents, f"{method} {path}: {media_type} is not described for {answer.status_code}"
    if media_type.endswith("json"):
        schema = {**contents[media_type]["schema"], "components": description()["components"]}
        jsonschema.validate(answer.json(), schema, cls=jsonschema.Draft202012Validator)
