"""Descriptions of APIs, and who serves and calls what they describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.apis.graphs import members
from seamark.intake.discovery.extractors.apis import descriptions, extract

from .trees import assets, edges, make, spoiled

OPENAPI = """
openapi: 3.0.3
info: {title: Orders, version: 1.8.0}
servers: [{url: "https://api.shop.example/v1"}]
security: [{key: []}]
paths:
  /orders/{id}:
    parameters: [{name: id, in: path}]
    get:
      operationId: readOrder
      security: []
      responses:
        "200": {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
    put:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
  /health:
    get: {security: [{}, {key: []}]}
components:
  schemas:
    Order:
      properties:
        item: {type: string}
        buyer: {$ref: "#/components/schemas/Buyer"}
        parts: {type: array, items: {$ref: "#/components/schemas/Order"}}
    Buyer: {properties: {email: {type: string, format: email, x-data-class: PII}, size: {type: integer, x-pii: true}}}
"""
SWAGGER = """
{"swagger": "2.0", "info": {"title": "Old", "version": "2"}, "host": "old.shop.example", "basePath": "/api", "schemes": ["http"],
 "paths": {"/carts": {"post": {"parameters": [{"name": "cart", "in": "body", "schema": {"properties": {"note": {"type": "string"}}}}, {"name": "dry", "in": "query"}]}}}}
"""
EVENTS = """
asyncapi: 2.6.0
info: {title: Events, version: "1"}
servers: {main: {url: broker.shop.example:9092}}
channels:
  order/placed:
    publish:
      operationId: onPlaced
      message: {payload: {properties: {email: {type: string}}}}
    subscribe: {message: {oneOf: [{payload: {properties: {a: {}}}}, {$ref: "#/components/messages/M"}]}}
components: {messages: {M: {payload: {properties: {b: {type: string}}}}}}
"""
EVENTS3 = """
asyncapi: 3.0.0
info: {title: Newer, version: "1"}
channels: {placed: {address: shop.placed, messages: {m: {payload: {properties: {email: {}}}}}}}
operations: {sendPlaced: {action: send, channel: {$ref: "#/channels/placed"}}}
"""
GRAPHQL = '''
"""type Query { no: Int }"""
schema { query: Root mutation: Mutation }
type Root {
  # me: no
  customer(id: ID!, filter: Filter = {a: 1}): Customer @auth(requires: USER)
  products: [Product!]!
}
type Mutation { pay(input: Payment!): Boolean }
input Payment { cardNumber: String!, amount: Int }
input Filter { a: Int }
type Customer { email: String address: Address }
type Product { name: String }
'''
PROTO = """
syntax = "proto3";
package shop.v1;
// service Hidden { rpc No (A) returns (B); }
service Carts {
  rpc Add (AddRequest) returns (stream Empty) { option (google.api.http) = {post: "/v1/carts"}; }
  rpc Get(stream AddRequest) returns (shop.v1.Cart);
}
message AddRequest { string user_id = 1; Item item = 2; }
message Item { string product = 1; message Inner { int32 x = 1; } }
message Cart { repeated Item items = 1; map<string, string> notes = 2; Owner owner = 3; }
message Owner { string email = 1; }
message Empty {}
"""
FILES = {
    "api/openapi.yaml": OPENAPI, "api/old.json": SWAGGER, "events.yml": EVENTS, "events3.yml": EVENTS3, "schema.graphql": GRAPHQL, "proto/carts.proto": PROTO,
    "query.graphql": "query X { me { id } }\n", "tests/fixtures/openapi.yaml": OPENAPI, "other.yaml": "openapi: none\n", "proto/types.proto": "message A { int32 x = 1; }\n",
}  # fmt: skip


def test_every_style_is_read(tmp_path: Path) -> None:
    facts = list(extract(make(tmp_path, FILES)))
    apis = assets(facts, AssetKind.API)
    assert {key: (each.name, each.facts["style"], each.facts["endpoints"]) for key, each in apis.items()} == {
        "api/openapi.yaml": ("Orders", "openapi", 3), "api/old.json": ("Old", "openapi", 1), "events.yml": ("Events", "asyncapi", 2),
        "events3.yml": ("Newer", "asyncapi", 1), "schema.graphql": ("schema.graphql", "graphql", 3), "proto/carts.proto": ("shop.v1", "grpc", 2),
    }  # fmt: skip
    assert apis["api/openapi.yaml"].facts["servers"] == ["https://api.shop.example/v1"]
    assert apis["api/old.json"].facts["servers"] == ["http://old.shop.example/api"]
    endpoints = assets(facts, AssetKind.ENDPOINT)
    assert {key: each.at for key, each in endpoints.items()} == {
        "api/openapi.yaml GET /v1/orders/{id}": "api/openapi.yaml:6", "api/openapi.yaml PUT /v1/orders/{id}": "api/openapi.yaml:6",
        "api/openapi.yaml GET /v1/health": "api/openapi.yaml:15", "api/old.json POST /api/carts": "api/old.json:1",
        "events.yml RECEIVE order/placed": "events.yml:5", "events.yml SEND order/placed": "events.yml:5", "events3.yml SEND shop.placed": "events3.yml:4",
        "schema.graphql QUERY customer": "schema.graphql:5", "schema.graphql QUERY products": "schema.graphql:6", "schema.graphql MUTATION pay": "schema.graphql:8",
        "proto/carts.proto POST /shop.v1.Carts/Add": "proto/carts.proto:5", "proto/carts.proto POST /shop.v1.Carts/Get": "proto/carts.proto:6",
    }  # fmt: skip
    assert len([edge for edge in edges(facts) if edge[1] == "contains"]) == len(endpoints)


def test_what_an_endpoint_demands_and_takes(tmp_path: Path) -> None:
    endpoints = assets(extract(make(tmp_path, FILES)), AssetKind.ENDPOINT)
    told = {key: each.facts for key, each in endpoints.items()}
    get, put = told["api/openapi.yaml GET /v1/orders/{id}"], told["api/openapi.yaml PUT /v1/orders/{id}"]
    assert (get["authenticated"], get["operation"], get["parameters"]) == (False, "readOrder", ["id"])
    assert (put["authenticated"], put["authenticated_why"]) == (True, "security scheme key")
    assert put["request_fields"] == ["item", "buyer", "parts", "email", "size"]
    assert not told["api/openapi.yaml GET /v1/health"]["authenticated"], "an empty demand is one that everybody meets"
    old = told["api/old.json POST /api/carts"]
    assert (old["parameters"], old["request_fields"]) == (["dry"], ["note"])
    customer = told["schema.graphql QUERY customer"]
    assert (customer["authenticated"], customer["parameters"]) == (True, ["id", "filter"])
    assert "authenticated" not in told["schema.graphql QUERY products"]
    assert told["schema.graphql MUTATION pay"]["request_fields"] == ["input", "cardNumber", "amount"]
    add = told["proto/carts.proto POST /shop.v1.Carts/Add"]
    assert (add["protocol"], add["request_fields"]) == ("grpc", ["user_id", "item", "product", "x"])


def test_fields_carry_types_holders_and_declared_classes(tmp_path: Path) -> None:
    described = {each.path: each for each in descriptions(make(tmp_path, FILES))}
    fields = {field.name: field for field in described["api/openapi.yaml"].operations[0].fields}
    assert (fields["email"].type, fields["email"].holder, fields["email"].classes) == ("email", "Buyer", ("PII",))
    assert fields["size"].classes == ("PII",)
    got = {field.name: field.holder for field in described["proto/carts.proto"].operations[1].fields}
    assert got == {
        "user_id": "AddRequest",
        "item": "AddRequest",
        "product": "Item",
        "x": "Item",
        "items": "Cart",
        "notes": "Cart",
        "owner": "Cart",
        "email": "Owner",
    }


SERVERS = {
    "go": ("main.go", 'package main\nimport "google.golang.org/grpc"\nfunc main() { s := grpc.NewServer(); pb.RegisterCartsServer(s, x) }\n'),
    "python": ("server.py", "import grpc\nserver = grpc.server(x)\npb.add_CartsServicer_to_server(x, server)\n"),
    "node": ("server.js", "const grpc = require('@grpc/grpc-js');\nconst s = new grpc.Server();\ns.addService(shop.Carts.service, {});\n"),
    "java": ("S.java", "import io.grpc.ServerBuilder;\nclass S extends CartsGrpc.CartsImplBase { void x() { ServerBuilder.forPort(1); } }\n"),
    "csharp": ("S.cs", "// Web\nvar b = WebApplication.CreateBuilder(a);\nclass S : Carts.CartsBase {}\n"),
    "rust": ("src/main.rs", "use tonic;\nfn main() {\n Server::builder().add_service(CartsServer::new(x)); }\n"),
    "elixir": ("lib/s.ex", "defmodule S do\n  use GRPC.Endpoint\n  use GRPC.Server, service: Shop.V1.Carts.Service\nend\n"),
    "cpp": ("main.cpp", "#include <grpc>\nclass S final : public shop::Carts::Service {};\nint main() {}\n"),
}  # fmt: skip
CLIENTS = {
    "go": ("main.go", "package main\nfunc main() { pb.NewCartsClient(c) }\n"),
    "python": ("app.py", "from flask import Flask\nFlask(__name__)\nx = pb.CartsStub(channel)\n"),
    "node": ("server.js", "const express = require('express');\nexpress();\nnew shop.Carts(a, b);\n"),
    "csharp": ("P.cs", "// Web\nWebApplication.CreateBuilder(a).AddGrpcClient<Carts.CartsClient>();\n"),
}


@pytest.mark.parametrize("language", SERVERS)
def test_who_answers_grpc(language: str, tmp_path: Path) -> None:
    name, text = SERVERS[language]
    unit = {
        "a/Dockerfile": "FROM x\n",
        f"a/{name}": text,
        "a/gen/carts_grpc.pb.go": "package gen\nfunc x() { s.RegisterCartsServer(a) }\n",
    }
    facts = list(extract(make(tmp_path, {"proto/carts.proto": PROTO, **unit})))
    assert set(assets(facts, AssetKind.ENDPOINT)) == {"a POST /shop.v1.Carts/Add", "a POST /shop.v1.Carts/Get"}
    assert ("a", "serves", "proto/carts.proto") in edges(facts)
    assert ("a", "serves", "a POST /shop.v1.Carts/Add") in edges(facts)


@pytest.mark.parametrize("language", CLIENTS)
def test_who_calls_grpc(language: str, tmp_path: Path) -> None:
    name, text = CLIENTS[language]
    files = {
        "proto/carts.proto": PROTO,
        "a/Dockerfile": "FROM x\n",
        "a/main.go": SERVERS["go"][1],
        "b/Dockerfile": "FROM x\n",
        f"b/{name}": text,
    }
    facts = list(extract(make(tmp_path, files)))
    assert [edge for edge in edges(facts) if edge[1] == "calls"] == [("b", "calls", "a")]


def test_graphql_types_may_hold_braces_in_arguments() -> None:
    found = {
        name: [each.name for each in fields]
        for name, fields in members("type A { b(c: X = {d: {e: 1}}): Y\n f: Z }\ninput G { h: I }")
    }
    assert found["G"] == ["h"]
    assert "f" in found["A"]


def test_spoiled_descriptions_end_nothing(tmp_path: Path) -> None:
    for way, files in spoiled({**FILES, "a/main.go": SERVERS["go"][1]}):
        tree = make(tmp_path / way.replace(" ", "_"), files)
        assert all(each is not None for each in extract(tree))


def test_circles_and_crowds_are_bounded(tmp_path: Path) -> None:
    many = "openapi: 3.0.0\npaths:\n" + "".join(f"  /x{n}:\n    get: {{}}\n" for n in range(6000))
    circle = PROTO.replace("message Owner { string email = 1; }", "message Owner { Owner owner = 1; Cart cart = 2; }")
    deep = "message A { " * 20_000
    tree = make(
        tmp_path, {"openapi.yaml": many, "a.proto": circle, "b.proto": deep + "service X { rpc A (B) returns (C); }"}
    )
    assert len(assets(extract(tree), AssetKind.ENDPOINT)) == 5002
