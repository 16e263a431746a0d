"""Pins are found where editors can move them."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.edit import edit
from seamark.response.remediation.pins.read import pins

COMMIT = "1" * 40
DIGEST = "sha256:" + "a" * 64
FILES = {
    "app/Dockerfile": "ARG TAG=3.8-slim\nFROM python:${TAG} AS build\nRUN true\nFROM build AS test\nFROM node\nCOPY --from=busybox:1.36 /bin/sh /sh\nCOPY --from=build /a /a\n",
    "docker-compose.yml": f"services:\n  db:\n    image: postgres:9.6\n  cache:\n    image: redis:7@{DIGEST}\n  own:\n    build: app\n",
    "k8s/a.yaml": "kind: Pod\nspec:\n  containers:\n    - image: nginx\n    - image: '{{ .Values.image }}'\n",
    "settings.yaml": "image: logo.png\ntheme: dark\n",
    "chart/values.yaml": "image:\n  repository: ghcr.example/acme/shop\n  tag: 1.2.3\n",
    "chart/Chart.yaml": "name: shop\ndependencies:\n  - name: redis\n    version: ^17.1.0\n    repository: https://charts.acme.example/stable\n  - name: own\n    version: 1.0.0\n    repository: file://../own\n",
    "chart/Chart.lock": "digest: x\n",
    "kustomization.yaml": "images:\n  - name: acme/api\n    newTag: v1.0.0\n",
    ".github/workflows/ci.yml": f"on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v3\n      - uses: actions/cache/save@{COMMIT} # v4.0.1\n      - uses: ./local\n      - uses: docker://alpine:3.18\n",
    "main.tf": 'terraform {\n  required_providers {\n    aws = {\n      source  = "hashicorp/aws"\n      version = "~> 4.0"\n    }\n    random = "3.1.0"\n  }\n}\nmodule "vpc" {\n  source  = "acme/vpc/aws"\n  version = "2.1.0"\n}\nmodule "git" {\n  source = "git::https://git.acme.example/net.git//sub?ref=v1.0.0"\n}\nmodule "own" {\n  source = "./own"\n}\n',
    ".terraform.lock.hcl": 'provider "registry.acme.example/hashicorp/aws" {\n  version = "4.67.0"\n  hashes = ["zh:1"]\n}\n',
    "broken.yaml": "a: [\n",
    "broken.tf": "module {{{",
}  # fmt: skip


def test_all_that_is_pinned() -> None:
    found = {(one.kind.value, one.name, one.version, one.held, one.places, one.beside) for one in pins({path: text.encode() for path, text in FILES.items()})}  # fmt: skip
    image, action, module = "image", "action_pin", "module"
    assert found == {
        (image, "python", "3.8-slim", "", (("app/Dockerfile", 2),), ()),
        (image, "node", "", "", (("app/Dockerfile", 5),), ()),
        (image, "busybox", "1.36", "", (("app/Dockerfile", 6),), ()),
        (image, "postgres", "9.6", "", (("docker-compose.yml", 3),), ()),
        (image, "redis", "7", DIGEST, (("docker-compose.yml", 5),), ()),
        (image, "nginx", "", "", (("k8s/a.yaml", 4),), ()),
        (image, "ghcr.example/acme/shop", "1.2.3", "", (("chart/values.yaml", 2),), ()),
        (image, "acme/api", "v1.0.0", "", (("kustomization.yaml", 2),), ()),
        (image, "alpine", "3.18", "", ((".github/workflows/ci.yml", 8),), ()),
        ("chart", "https://charts.acme.example/stable/redis", "17.1.0", "", (("chart/Chart.yaml", 3),), ("chart/Chart.lock",)),
        (action, "actions/checkout", "v3", "", ((".github/workflows/ci.yml", 5),), ()),
        (action, "actions/cache", "v4.0.1", COMMIT, ((".github/workflows/ci.yml", 6),), ()),
        (module, "hashicorp/aws", "4.67.0", "", (("main.tf", 3),), (".terraform.lock.hcl",)),
        (module, "hashicorp/random", "3.1.0", "", (("main.tf", 7),), ()),
        (module, "acme/vpc/aws", "2.1.0", "", (("main.tf", 10),), ()),
        (module, "git::https://git.acme.example/net.git//sub", "v1.0.0", "", (("main.tf", 14),), ()),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "to", "known", "line"),
    [
        ("python", "3.13-slim", (), "ARG TAG=3.13-slim"),
        ("node", "22.11.0", (), "FROM node:22.11.0"),
        ("redis", "7.4", (("digest", "sha256:" + "b" * 64),), f"    image: redis:7.4@sha256:{'b' * 64}"),
        ("nginx", "1.27", (), "    - image: nginx:1.27"),
        ("acme/api", "v1.2.0", (), "    newTag: v1.2.0"),
        ("actions/checkout", "v3", (("commit", "2" * 40),), f"      - uses: actions/checkout@{'2' * 40} # v3"),
        ("actions/cache", "v4.2.0", (("commit", "2" * 40),), f"      - uses: actions/cache/save@{'2' * 40} # v4.2.0"),
        ("acme/vpc/aws", "3.0.0", (), '  version = "3.0.0"'),
        ("git::https://git.acme.example/net.git//sub", "v1.1.0", (), '  source = "git::https://git.acme.example/net.git//sub?ref=v1.1.0"'),
        ("hashicorp/aws", "5.0.0", (("zh", "9"),), '  hashes = [\n    "zh:9",\n  ]'),
    ],
)  # fmt: skip
def test_what_is_found_can_be_moved(name: str, to: str, known: tuple[tuple[str, str], ...], line: str) -> None:
    files = {path: text.encode() for path, text in FILES.items()}
    (pin,) = [one for one in pins(files) if one.name == name]
    after = edit(files, pin.change(to, known))
    assert line in b"\n".join(after[path] for path in pin.files).decode()
    assert {path for path in files if files[path] != after[path]} <= set(pin.files)


def test_hostile_files_pin_nothing() -> None:
    deep = "a:\n" + "".join(f"{' ' * at}- \n" for at in range(1, 300))
    for text in (deep, "image: *x\n", "FROM $(rm -rf /)\nFROM ../../etc\n", "\0\0", "uses: a/b@c\n" * 3):
        for path in ("Dockerfile", "x.yml", ".github/workflows/x.yml", "x.tf"):
            assert all(one.kind in ChangeKind for one in pins({path: text.encode()}))
    assert pins({"Dockerfile": b"FROM $(rm -rf /)\nFROM ${UNSET}\n"}) == ()


def test_the_example_is_read() -> None:
    root = Path(__file__).parents[3] / "examples/harbour"
    files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file() and "reports" not in path.parts}  # fmt: skip
    found = {(one.name, one.version) for one in pins(files)}
    assert {("python", "3.8-slim-buster"), ("node", "latest"), ("actions/checkout", "v3"), ("hashicorp/aws", "4.0"), ("postgres", "9.6")} <= found  # fmt: skip
