"""Images, Terraform, Helm and workflows."""

from __future__ import annotations

import pytest

from .made import made, refused, swapped

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
COMMIT, LATER = "1" * 40, "2" * 40
DOCKERFILE = f"""\
# syntax=docker/dockerfile:1
ARG PYTHON=3.8
ARG NODE_IMAGE=node:14-alpine
FROM --platform=linux/amd64 golang:1.18 AS build
RUN echo "FROM golang:1.18"
FROM python:${{PYTHON}}-slim AS odd
FROM $NODE_IMAGE AS web
from alpine:3.15@{OLD} as base
FROM build
COPY --from=nginx:1.20 /a /b
COPY --from=build /a /b
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("golang", "1.18 -> 1.21", "amd64 golang:1.18", "amd64 golang:1.21"),
        ("docker.io/library/node", "14-alpine -> 20-alpine", "node:14-alpine", "node:20-alpine"),
        ("alpine", f"3.15 -> 3.19@{NEW}", f"alpine:3.15@{OLD}", f"alpine:3.19@{NEW}"),
        ("nginx", "1.20 -> 1.25", "nginx:1.20", "nginx:1.25"),
        ("golang", f"1.18 -> 1.21@{NEW}", "amd64 golang:1.18", f"amd64 golang:1.21@{NEW}"),
    ],
)
def test_base_image_is_moved(name: str, versions: str, old: str, new: str) -> None:
    swapped("Dockerfile", DOCKERFILE, old, new, "docker", name, versions)


def test_base_image_is_refused() -> None:
    refused({"Dockerfile": DOCKERFILE}, "by digest", "docker", "alpine", "3.15 -> 3.19")
    refused({"Dockerfile": DOCKERFILE}, "several arguments", "docker", "python", "3.8-slim -> 3.12-slim")
    refused({"Dockerfile": DOCKERFILE}, "None of the files", "docker", "build", " -> 2")
    refused(
        {"Dockerfile": "ARG V=3\nFROM alpine:$V\nFROM busybox:${V}\n"}, "several images", "docker", "alpine", "3 -> 4"
    )


def test_tag_in_an_argument_is_moved() -> None:
    text = "ARG V=3.8-slim\nFROM python:$V\n"
    swapped("api.Dockerfile", text, "3.8-slim", "3.12-slim", "docker", "python", "3.8-slim -> 3.12-slim")


MANIFESTS = f"""\
apiVersion: v1
kind: Pod
spec:
  containers:
    - name: a
      image: nginx:1.20   # edge
    - {{name: b, image: "registry.example/shop/api:1.0@{OLD}"}}
---
kind: Pod
shared: &img redis:6
other: {{image: *img}}
spec: {{containers: [{{image: 'redis:6.0'}}]}}
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("nginx", "1.20 -> 1.25.3", "nginx:1.20", "nginx:1.25.3"),
        ("registry.example/shop/api", f"1.0 -> 1.1@{NEW}", f"1.0@{OLD}", f"1.1@{NEW}"),
        ("redis", "6.0 -> 7.2", "redis:6.0", "redis:7.2"),
    ],
)
def test_image_of_a_manifest_is_moved(name: str, versions: str, old: str, new: str) -> None:
    swapped("deploy/pod.yaml", MANIFESTS, old, new, "docker", name, versions)


def test_anchor_is_moved_for_all_its_uses() -> None:
    text = "a:\n  image: &img redis:6\nb:\n  image: *img\n"
    assert made({"compose.yaml": text}, "docker", "redis", "6 -> 7")["compose.yaml"] == text.replace(
        "redis:6", "redis:7"
    )


def test_parts_are_moved() -> None:
    values = 'web:\n  image:\n    repository: bitnami/nginx\n    tag: 1.20 # numbers\n    digest: ""\n'
    swapped("values.yaml", values, "1.20", '"1.21"', "docker", "bitnami/nginx", "1.20 -> 1.21")
    kustomization = (
        "images:\n- name: app\n  newName: registry.example/app\n  newTag: v1.0.0\n- name: other\n  newTag: v1.0.0\n"
    )
    after = made({"kustomization.yaml": kustomization}, "docker", "registry.example/app", "v1.0.0 -> v1.1.0")[
        "kustomization.yaml"
    ]
    assert after == kustomization.replace("v1.0.0", "v1.1.0", 1)
    refused(
        {"values.yaml": values.replace("tag: 1.20", "tag: &t 1.20")},
        "an anchor",
        "docker",
        "bitnami/nginx",
        "1.20 -> 1.21",
    )
    refused({"templates/a.yaml": "image: {{ .Values.image }}\n{{- if x }}\n"}, "template", "docker", "nginx", "1 -> 2")


TERRAFORM = """\
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 4.0" # cloud
    }
    random = "3.0.0"
  }
}
module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "3.14.0"
}
module "net" {
  source = "git::https://git.example/org/net.git//sub?ref=v1.2.0&depth=1"
}
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("hashicorp/aws", "4.9.0 -> 4.67.0", "~> 4.0", "~> 4.67"),
        ("hashicorp/random", "3.0.0 -> 3.5.1", "3.0.0", "3.5.1"),
        ("terraform-aws-modules/vpc/aws", "3.14.0 -> 3.19.0", "3.14.0", "3.19.0"),
        ("git.example/org/net//sub", "1.2.0 -> 1.3.0", "v1.2.0", "v1.3.0"),
    ],
)
def test_module_or_provider_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("infra/main.tf", TERRAFORM, old, new, "terraform", name, versions)


def test_provider_lock_follows() -> None:
    lock = 'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "4.9.0"\n  constraints = "~> 4.0"\n  hashes = [\n    "h1:old=",\n    "zh:aa",\n  ]\n}\n'
    files = {"main.tf": TERRAFORM, ".terraform.lock.hcl": lock}
    after = made(
        files, "terraform", "hashicorp/aws", "4.9.0 -> 4.67.0", integrity=(("h1", "new="), ("zh", "bb"), ("zh", "cc"))
    )
    assert after[".terraform.lock.hcl"] == lock.replace("4.9.0", "4.67.0").replace("~> 4.0", "~> 4.67").replace(
        "h1:old=", "h1:new="
    ).replace('"zh:aa",', '"zh:bb",\n    "zh:cc",')
    refused(files, "not known", "terraform", "hashicorp/aws", "4.9.0 -> 4.67.0")
    refused({"main.tf": "module {{{"}, "no HCL", "terraform", "a/b/c", "1 -> 2")


def test_chart_is_raised() -> None:
    chart = 'name: shop\nversion: 1.0.0\ndependencies:\n  - name: postgresql\n    version: "~11.0.0" # db\n    repository: https://charts.example/stable\n'
    swapped("Chart.yaml", chart, "~11.0.0", "~12.1.2", "helm", "postgresql", "11.0.0 -> 12.1.2")
    refused(
        {"Chart.yaml": chart, "Chart.lock": "digest: x\n"},
        "no editor|helm dependency update",
        "helm",
        "postgresql",
        "11.0.0 -> 12.1.2",
    )


WORKFLOW = f"""\
on: push
jobs:
  a:
    steps:
      - uses: actions/checkout@v2
      - uses: "actions/setup-node@{COMMIT}" # v3.1.0 newest then
      - uses: github/codeql-action/init@v2 # scan
      - uses: ./.github/actions/own
"""


def test_action_is_pinned() -> None:
    proof = (("commit", LATER),)
    swapped(
        ".github/workflows/ci.yml",
        WORKFLOW,
        "checkout@v2",
        f"checkout@{LATER} # v4.1.1",
        "githubactions",
        "actions/checkout",
        "v2 -> v4.1.1",
        integrity=proof,
    )
    swapped(
        ".github/workflows/ci.yml",
        WORKFLOW,
        f'{COMMIT}" # v3.1.0',
        f'{LATER}" # v4.0.0',
        "githubactions",
        "actions/setup-node",
        "3.1.0 -> v4.0.0",
        integrity=proof,
    )
    swapped(
        ".github/workflows/ci.yml",
        WORKFLOW,
        "init@v2 # scan",
        f"init@{LATER} # v3.0.0 scan",
        "githubactions",
        "github/codeql-action",
        "v2 -> v3.0.0",
        integrity=proof,
    )
    swapped(
        ".github/workflows/ci.yml",
        WORKFLOW,
        "checkout@v2",
        "checkout@v4",
        "githubactions",
        "actions/checkout",
        "v2 -> v4",
    )


def test_action_is_refused() -> None:
    refused({"ci.yml": WORKFLOW}, "is not known", "githubactions", "actions/setup-node", "3.1.0 -> v4.0.0")
    refused({"ci.yml": WORKFLOW}, "in a comment", "githubactions", "actions/setup-node", f"3.1.0 -> {LATER}")
