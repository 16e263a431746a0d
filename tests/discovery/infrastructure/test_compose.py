"""Compose files: overrides, variables, builds, ports, data, and who talks to whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.infrastructure.addresses import Address, is_public_name, read_addresses
from tests.discovery.infrastructure.kit import assets, edge, edges, facts_of, grow, known

BASE = """
x-env: &env
  LOG: debug
services:
  web:
    build: {context: ./web, args: {BASE: "node:22"}}
    ports: ["127.0.0.1:8080:80", "443"]
    environment:
      <<: *env
      API_URL: http://api:8000/v1
      CACHE_HOST: cache
      QUEUE: amqp://u:p@queue.shop.example/jobs
    depends_on: {api: {condition: service_healthy}}
  api:
    image: ${REGISTRY:-shop}/api:${TAG}
    environment:
      - DATABASE_URL=postgresql+asyncpg://u:${PASSWORD}@db:5432/shop
      - REPLICA_URL=postgres://u@replica.shop.example/shop
      - PASSED
    volumes: ["files:/files", "/var/run/docker.sock:/var/run/docker.sock:ro"]
    labels:
      - "traefik.http.routers.api.rule=Host(`api.shop.example`) && PathPrefix(`/v1`)"
  db:
    image: postgres:16
    environment: {POSTGRES_DB: shop}
    volumes: [data:/var/lib/postgresql/data]
  cache: {image: "redis:7", ports: ["127.0.0.1:6379:6379"]}
volumes: {data: {}, files: {}}
"""
OVERRIDE = "services:\n  api:\n    ports: ['8000:8000']\n    privileged: true\n"
PRODUCTION = "services:\n  api:\n    environment: {MODE: production}\n    deploy: {replicas: 3}\n"


def test_a_project(tmp_path: Path) -> None:
    files = {
        "compose.yaml": BASE,
        "compose.override.yaml": OVERRIDE,
        ".env": "TAG=7\nPASSED=http://web\n",
        "web/Dockerfile": "ARG BASE\nFROM $BASE\nCOPY . .\n",
    }
    facts = facts_of(grow(tmp_path, files), "compose")
    queue, replica = "rabbitmq://queue.shop.example:5672", "postgresql://replica.shop.example:5432/shop"
    assert edges(facts) == {
        "compose/web RUNS web/Dockerfile", "web/Dockerfile BUILT_FROM web", "web/Dockerfile BASED_ON node", "compose/api RUNS shop/api", "compose/db RUNS postgres", "compose/cache RUNS redis",
        "compose/web DEPENDS_ON compose/api", "compose/web CALLS compose/api", "compose/api CALLS compose/web", f"compose/web READS {queue}", f"compose/web WRITES {queue}", "api.shop.example EXPOSES compose/api",
        "compose/web READS compose/cache", "compose/web WRITES compose/cache", "compose/api READS compose/db", "compose/api WRITES compose/db", f"compose/api READS {replica}",
        "compose/api READS compose/volume/files", "compose/api WRITES compose/volume/files",
        *(f"compose/{one} {verb} compose/{one}" for one in ("db", "cache") for verb in ("READS", "WRITES")),
    }  # fmt: skip
    assert assets(facts, AssetKind.DATA_STORE) == {
        "compose/db",
        "compose/cache",
        "compose/volume/files",
        queue,
        replica,
    }
    api = known(facts, AssetKind.WORKLOAD, "compose/api")
    assert (api["privileged"], api["exposure"], api["ports"], api["host_paths"]) == (
        True,
        "internal",
        [8000],
        ["/var/run/docker.sock"],
    )
    assert known(facts, AssetKind.WORKLOAD, "compose/cache")["exposure"] == "none"
    assert known(facts, AssetKind.WORKLOAD, "compose/web")["exposure"] == "internal"
    database = known(facts, AssetKind.DATA_STORE, "compose/db")
    assert (database["engine"], database["database"], database["volumes"]) == ("postgresql", "shop", ["data"])
    assert edge(facts, "compose/web READS compose/cache").confidence == 0.8
    assert edge(facts, "compose/web RUNS web/Dockerfile").at == "compose.yaml:4"


def test_files_of_other_environments_lie_over_the_base(tmp_path: Path) -> None:
    facts = facts_of(grow(tmp_path, {"docker-compose.yml": BASE, "docker-compose.prod.yml": PRODUCTION}), "compose")
    api = known(facts, AssetKind.WORKLOAD, "compose/api")
    assert (api["environment"], api["replicas"]) == ("production", 3)
    assert {each for each in edges(facts) if each.startswith("compose/api RUNS")} == set()


def test_what_runs_beside_the_base_talks_to_it(tmp_path: Path) -> None:
    more = "services:\n  worker:\n    image: x/worker\n    environment: ['DB=Host=db;Username=u;Password=p;Database=shop']\n    depends_on: [api]\n"
    facts = facts_of(grow(tmp_path, {"compose.yaml": BASE, "compose.full.yaml": more}), "compose")
    assert {each for each in edges(facts) if each.startswith("compose/worker")} == {
        "compose/worker RUNS x/worker", "compose/worker DEPENDS_ON compose/api", "compose/worker READS compose/db", "compose/worker WRITES compose/db",
    }  # fmt: skip


def test_extends_include_and_the_first_version(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include: [other/compose.yaml]\nservices:\n  a: {extends: {file: common.yml, service: base}, command: x}\n",
        "common.yml": "services:\n  base: {image: 'base/a:1', ports: ['80']}\n", "other/compose.yaml": "services:\n  b: {image: b/b}\n",
        "old/docker-compose.yml": "web:\n  image: c/c\n  links: [db]\ndb:\n  image: mysql:5\n",
    }  # fmt: skip
    facts = facts_of(grow(tmp_path, files), "compose")
    assert {each for each in edges(facts) if "RUNS" in each or "DEPENDS" in each} == {
        "compose/a RUNS base/a", "compose/b RUNS b/b", "compose/web RUNS c/c", "compose/db RUNS mysql", "compose/web DEPENDS_ON compose/db",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://u:p@h:1/d?x=y", [Address("postgres", "h", 1, "d", "postgresql")]), ("jdbc:mysql://h/d", [Address("mysql", "h", 0, "d", "mysql")]),
        ("mongodb+srv://u:p@a.example,b.example/d", [Address("mongodb", "a.example", 0, "d", "mongodb"), Address("mongodb", "b.example", 0, "d", "mongodb")]),
        ("jdbc:sqlserver://h:1433;databaseName=d;user=u", [Address("sqlserver", "h", 1433, "d", "mssql")]), ("Server=tcp:h,1433;Database=d;", [Address("", "h", 1433, "d", "mssql")]),
        ("redis://:p@h/0", [Address("redis", "h", 0, "", "redis")]), ("http://h:8/x and https://g", [Address("http", "h", 8), Address("https", "g")]), ("s3://bucket/key", [Address("s3", "bucket", 0, "", "s3")]),
        ("no address", []), ("http://", []), ("a=b", []),
    ],
)  # fmt: skip
def test_addresses(text: str, expected: list[Address]) -> None:
    assert list(read_addresses(text)) == expected


def test_keys_of_stores_hold_no_credentials() -> None:
    assert [
        each.key
        for text in ("postgres://u:p@h/d", "s3://b/k", "gs://b", "rediss://:p@h")
        for each in read_addresses(text)
    ] == ["postgresql://h:5432/d", "arn:aws:s3:::b", "gs://b", "redis://h:6379"]


def test_public_names() -> None:
    assert [
        each
        for each in (
            "a.example",
            "*.a.example",
            "a",
            "a.local",
            "10.0.0.1",
            "a.svc.cluster.local",
            "a.internal",
            "localhost",
        )
        if is_public_name(each)
    ] == ["a.example", "*.a.example"]
