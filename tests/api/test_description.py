"""The OpenAPI document is valid, complete, and served to everybody."""

from __future__ import annotations

import jsonschema
import pytest
from django.test import Client

from tests.api.described import description

OPEN = {"/api/v1/health", "/api/v1/decisions/terraform", "/api/v1/token/exchange", "/api/v1/callbacks/{secret}"}
"""Without a token: health, and what brings proofs of its own (a signature, an identity token)."""
OPENAPI = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "paths": {
            "propertyNames": {"pattern": "^/api/v1/"},
            "additionalProperties": {
                "propertyNames": {"enum": ["get", "post", "put", "patch", "delete"]},
                "additionalProperties": {
                    "required": ["operationId", "summary", "description", "responses", "tags"],
                    "properties": {
                        "parameters": {"items": {"required": ["in", "name", "schema", "required"], "properties": {"in": {"enum": ["path", "query", "header"]}}}},
                        "responses": {"propertyNames": {"pattern": "^[2-5][0-9][0-9]$"}, "additionalProperties": {"required": ["description"]}},
                    },
                },
            },
        },
    },
}  # fmt: skip


def test_the_document_has_the_shape_of_openapi() -> None:
    jsonschema.validate(description(), OPENAPI, cls=jsonschema.Draft202012Validator)


def test_every_schema_is_json_schema_and_every_reference_leads_somewhere() -> None:
    components = description()["components"]["schemas"]
    for schema in components.values():
        jsonschema.Draft202012Validator.check_schema(schema)

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [one for part in value.values() for one in references(part)]
        return [one for part in value for one in references(part)] if isinstance(value, list) else []

    found = references(description())
    assert found
    assert {one.removeprefix("#/components/schemas/") for one in found} <= set(components)


def _operations() -> list[tuple[str, str, dict]]:
    return [
        (path, method, operation)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.mark.parametrize(("path", "method", "operation"), _operations())
def test_failures_are_problems_and_what_needs_somebody_says_so(path: str, method: str, operation: dict) -> None:
    failures = {status: details for status, details in operation["responses"].items() if status >= "400"}
    assert all(list(details["content"]) == ["application/problem+json"] for details in failures.values())
    if path in OPEN:
        assert "security" not in operation
        return
    assert {"401", "403", "422"} <= set(failures)
    ways = [name for one in operation["security"] for name in one]
    assert set(ways) == {"Token", "Session"}
    assert set(ways) == set(description()["components"]["securitySchemes"])
    assert all(one["Token"] for one in operation["security"] if "Token" in one)


@pytest.mark.parametrize(("path", "method", "operation"), _operations())
def test_what_holds_for_all_is_described_for_each(path: str, method: str, operation: dict) -> None:
    headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
    if method == "get":
        assert "If-None-Match" in headers
        assert "304" in operation["responses"]
    elif path not in OPEN:
        assert "Idempotency-Key" in headers
        assert {"400", "409", "413"} <= set(operation["responses"])
    if method in {"put", "patch", "delete"}:
        assert "If-Match" in headers
        assert "412" in operation["responses"]
    if path not in OPEN:
        assert "429" in operation["responses"]


def test_every_list_that_is_paged_takes_fields() -> None:
    for path, method, operation in _operations():
        names = {one["name"] for one in operation["parameters"]}
        if method == "get" and {"limit", "after", "before"} <= names:
            assert "fields" in names, path


def test_operation_ids_are_unique_and_path_parameters_declared() -> None:
    names = [operation["operationId"] for _, _, operation in _operations()]
    assert len(set(names)) == len(names)
    for path, _, operation in _operations():
        declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_everybody_may_read_the_document(db: None) -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == description()


def test_the_documentation_page_needs_nothing_from_elsewhere(db: None) -> None:
    answer = Client().get("/api/v1/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "https://" not in page
    assert "<script>" not in page
    assert "style=" not in page
