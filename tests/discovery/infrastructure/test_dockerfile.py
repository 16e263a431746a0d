"""Dockerfiles: stages, arguments, base images, and the folder that an image is built from."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.infrastructure.dockerfiles import read_dockerfile
from seamark.intake.discovery.infrastructure.images import engine_of, read_image
from tests.discovery.infrastructure.kit import assets, edges, facts_of, grow, known

STAGED = """
# syntax=docker/dockerfile:1
ARG VERSION=22
ARG REGISTRY=registry.example
FROM --platform=$BUILDPLATFORM node:${VERSION}-alpine AS build
WORKDIR /src
COPY package.json ./
RUN npm ci && \\
    # a comment in between
    npm run build
FROM build AS test
RUN <<EOF
FROM is no stage here
EOF
FROM ${REGISTRY}/base:${TAG:-1.2} AS base
USER 1000:1000
FROM base
COPY --from=build /src/dist /app
COPY --from=busybox:1.36 /bin/sh /bin/sh
EXPOSE 8080 9090/udp
ENTRYPOINT ["node", "server.js"]
CMD run --port 8080
HEALTHCHECK CMD true
"""


def test_stages_of_a_build(tmp_path: Path) -> None:
    facts = facts_of(grow(tmp_path, {"shop/Dockerfile": STAGED, "shop/package.json": "{}"}), "dockerfile")
    assert edges(facts) == {"shop/Dockerfile BASED_ON registry.example/base", "shop/Dockerfile BUILT_FROM shop"}
    found = known(facts, AssetKind.IMAGE, "shop/Dockerfile")
    assert found["build_images"] == ["node:22-alpine", "busybox:1.36"]
    assert (found["base_image"], found["base_tag"], found["user"], found["run_as_root"]) == (
        "registry.example/base:1.2",
        "1.2",
        "1000:1000",
        False,
    )
    assert (found["ports"], found["entrypoint"], found["command"]) == (
        [8080, "9090/udp"],
        ["node", "server.js"],
        ["run --port 8080"],
    )
    assert [each["line"] for each in found["stages"]] == [4, 10, 14, 16]
    assert found["healthcheck"] is True


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("FROM scratch", "scratch"), ("FROM a@sha256:" + "0" * 64, "a@sha256:" + "0" * 64), ("from A/b:1 as x\nFROM X", "A/b:1"), ("ARG B\nFROM $B", "$B"),
        ("ARG B=a\nARG C=${B}:1\nFROM $C", "a:1"), ("FROM a\nFROM 0", "a"), ("FROM \\\n  a:2", "a:2"), ("# escape=`\nFROM `\n a:3", "a:3"), ("ARG V\nFROM a:${V:-4}", "a:4"), ("FROM a:${V:+5}", "a:"),
    ],
)  # fmt: skip
def test_bases(text: str, base: str) -> None:
    read = read_dockerfile(text)
    assert read.chain(read.stages[-1])[-1].base == base


def test_what_has_no_stage_is_none(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "RUN x",
        "a/Dockerfile.dockerignore": "FROM a",
        "b/Dockerfile.j2": "FROM a",
        "c/Dockerfile.dev": "FROM a:1",
        "d/api.Dockerfile": "FROM b",
        "e/Containerfile": "FROM c",
    }
    facts = facts_of(grow(tmp_path, files), "dockerfile")
    assert assets(facts, AssetKind.IMAGE) == {"a", "b", "c", "c/Dockerfile.dev", "d/api.Dockerfile", "e/Containerfile"}


@pytest.mark.parametrize(
    ("dockerfile", "copies", "more", "folder"),
    [
        ("src/cart/Dockerfile", "COPY . .", ["src/cart/main.go"], "src/cart"),
        ("src/cart/Dockerfile", "COPY src/cart/ ./\nCOPY pb/ pb/", ["src/cart/main.go", "pb/a.proto"], "src/cart"),
        ("src/cart/src/Dockerfile", "COPY src/cart/ ./\nCOPY pb/ pb/", ["src/cart/main.go", "pb/a.proto"], "src/cart"),
        ("docker/orders.Dockerfile", "COPY services/orders /app", ["services/orders/run.py"], "services/orders"),
        ("docker/Dockerfile", "COPY . .", ["app.py"], "."),
        ("Dockerfile", "COPY . .", ["app.py"], "."),
        ("images/base/Dockerfile", "RUN true", [], "images/base"),
        ("web/Dockerfile", "COPY web/*.json ./\nCOPY web/src ./src", ["web/package.json", "web/src/a.ts"], "web"),
    ],
)  # fmt: skip
def test_the_folder_with_the_sources(
    tmp_path: Path, dockerfile: str, copies: str, more: list[str], folder: str
) -> None:
    tree = grow(tmp_path, {dockerfile: f"FROM a\n{copies}\n", **dict.fromkeys(more, "x")})
    assert f"{dockerfile} BUILT_FROM {folder}" in edges(facts_of(tree, "dockerfile"))


def test_builders_name_images(tmp_path: Path) -> None:
    skaffold = "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n  - image: adservice\n    context: src/ads\n  - {image: web, context: ., docker: {dockerfile: web/Dockerfile}}\n"
    tree = grow(
        tmp_path,
        {
            "skaffold.yaml": skaffold,
            "src/ads/Dockerfile": "FROM a\nCOPY . .\n",
            "web/Dockerfile": "FROM a\nCOPY web/ .\n",
            "web/x": "x",
        },
    )
    assert edges(facts_of(tree, "dockerfile")) == {
        "adservice BASED_ON a",
        "adservice BUILT_FROM src/ads",
        "web BASED_ON a",
        "web BUILT_FROM web",
    }


def test_a_name_that_several_builds_bear_names_none_of_them(tmp_path: Path) -> None:
    compose = "services:\n  a: {build: a, image: 'x/demo:a'}\n  b: {build: b, image: 'x/demo:b'}\n"
    facts = facts_of(
        grow(tmp_path, {"compose.yaml": compose, "a/Dockerfile": "FROM p", "b/Dockerfile": "FROM q"}),
        "dockerfile",
        "compose",
    )
    assert {each for each in edges(facts) if "RUNS" in each} == {
        "compose/a RUNS a/Dockerfile",
        "compose/b RUNS b/Dockerfile",
    }


@pytest.mark.parametrize(
    ("reference", "key", "tag", "digest"),
    [
        ("docker.io/library/alpine:3.20", "alpine", "3.20", ""), ("host:5000/a/b", "host:5000/a/b", "", ""), ("a/b:1@sha256:" + "a" * 64, "a/b", "1", "sha256:" + "a" * 64),
        ("docker://ghcr.io/a/b:v1", "ghcr.io/a/b", "v1", ""),
    ],
)  # fmt: skip
def test_references(reference: str, key: str, tag: str, digest: str) -> None:
    image = read_image(reference)
    assert image is not None
    assert (image.ref.key, image.tag, image.digest) == (key, tag, digest)


@pytest.mark.parametrize("reference", ["", "${IMAGE}", "a b", "{{ .Values.image }}", "scratch", "-x", "a" * 700, "a:"])
def test_no_references(reference: str) -> None:
    assert read_image(reference) is None


def test_engines() -> None:
    assert [engine_of(each) for each in ("postgres:16", "bitnami/postgresql", "ghcr.io/x/valkey:8", "nginx", "")] == [
        "postgresql",
        "postgresql",
        "valkey",
        "",
        "",
    ]
