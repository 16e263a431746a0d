"""`seamark discover`: one object a line, a summary for people, exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from seamark.store.models import Sbom

from .conftest import Command

FILES = {
    "services/orders/app.py": "from flask import Flask\napp = Flask(__name__)\n@app.route('/orders/<int:id>')\ndef read(id): return 1\n",
    "services/orders/requirements.txt": "flask==3.0.0\n",
    "services/orders/schema.sql": "CREATE TABLE c (id INT, email TEXT);\n",
    "services/orders/Dockerfile": "FROM python:3.12\nCOPY . .\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  build:\n    steps:\n      - run: docker build -t shop.example/orders services/orders\n",
    "broken.yaml": "apiVersion: v1\nkind: Service\n  x: [\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "shop"


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_promised_keys(seamark: Command, shop: Path) -> None:
    result = seamark("discover", shop, "--json", "--repository", "code.example/acme/shop")
    assert (result.code, result.err) == (0, "")
    found = rows(result.out)
    assets, relations = [row for row in found if "asset" in row], [row for row in found if "relation" in row]
    keys = ["asset", "kind", "key", "name", "path", "line", "origin", "at", "confidence", "facts"]
    assert all(list(row)[:10] == keys and row["asset"] == row["kind"] for row in assets)
    assert all(list(row) == ["relation", "source", "target", "origin", "at", "confidence"] for row in relations)
    assert {row["trouble"] for row in found if "trouble" in row} == {"is not valid YAML"}
    assert len(assets) + len(relations) + 1 == len(found)
    by_kind = {row["kind"]: row for row in assets}
    service, package = by_kind["service"], by_kind["package"]
    assert (service["key"], service["path"], service["line"]) == (
        "code.example/acme/shop//services/orders",
        "services/orders",
        None,
    )
    assert service["facts"]["frameworks"] == ["flask"]
    assert (package["purl"], package["version"], package["manifest"]) == (
        "pkg:pypi/flask@3.0.0",
        "3.0.0",
        "services/orders/requirements.txt",
    )
    endpoint = by_kind["endpoint"]
    assert (endpoint["path"], endpoint["line"], endpoint["name"]) == ("services/orders/app.py", 3, "GET /orders/{id}")
    told = {(row["source"]["key"], row["relation"], row["target"]["key"]) for row in relations}
    orders = "code.example/acme/shop//services/orders"
    assert (orders, "handles", "PII") in told
    assert ("shop.example/orders", "built_from", orders) in told
    assert (f"{orders}/requirements.txt", "depends_on", "pkg:pypi/flask@3.0.0") in told
    known = {(row["kind"], row["key"]) for row in assets}
    assert {(end["kind"], end["key"]) for row in relations for end in (row["source"], row["target"])} <= known


def test_nothing_is_said_twice(seamark: Command, shop: Path) -> None:
    found = rows(seamark("discover", shop, "--json").out)
    told = [
        json.dumps(
            [
                row.get(word)
                for word in (
                    "asset",
                    "key",
                    "relation",
                    "source",
                    "target",
                    "trouble",
                    "at" if "trouble" in row else "asset",
                )
            ]
        )
        for row in found
    ]
    assert len(told) == len(set(told))


def test_summary_for_people(seamark: Command, shop: Path) -> None:
    result = seamark("discover", shop)
    assert result.code == 0
    assert result.out.startswith("shop: 1 service, 1 endpoint, 1 pipeline, 2 images, 1 manifest, 1 package, ")
    assert "services/orders  web   python    flask       1          PII" in result.out
    assert "shop.example/orders  services/orders  python" in result.out
    assert result.err == "note: broken.yaml:3: is not valid YAML\n"


def test_only_some_extractors(seamark: Command, shop: Path) -> None:
    found = rows(seamark("discover", shop, "--json", "--only", "services", "--only", "hosts").out)
    assert {row["kind"] for row in found if "asset" in row} == {"repository", "service"}
    assert "nothing that is known" in seamark("discover", shop, "--only", "secrets").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["nope"], "no folder"), ([".", "--only", "nope"], "no extractor called 'nope'"), ([], "PATH")],
)
def test_wrong_words(
    words: list[str], sentence: str, seamark: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = seamark("discover", *words)
    assert (result.code, result.out) == (2, "")
    assert sentence in result.err


def test_a_file_is_no_folder(seamark: Command, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("", "utf-8")
    assert seamark("discover", tmp_path / "x").code == 2


def test_names_that_are_no_text_are_told(seamark: Command, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / os.fsdecode(b"\xff.sql")).write_text("CREATE TABLE c (email TEXT);\n", "utf-8")
    (tmp_path / "a" / "app.py").write_text("from flask import Flask\nFlask(__name__)\n", "utf-8")
    result = seamark("discover", tmp_path, "--json")
    assert result.code == 0
    assert rows(result.out)[-1] == {"trouble": "1 files were left out: their names are no text", "at": ""}
    assert any(row.get("kind") == "service" for row in rows(result.out))


@pytest.mark.django_db
def test_what_is_found_can_be_kept(seamark: Command, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask==3.0.0\n")
    words = [
        "discover",
        str(tmp_path),
        "--repository",
        "git.example/acme/shop",
        "--application",
        "shop",
        "--commit",
        "a" * 40,
    ]
    assert seamark(*words).out.startswith("shop: ")
    assert "0 statements and relations are new, 0 ended" in seamark(*words).out
    assert Sbom.objects.get().commit == "a" * 40
    refused = seamark("discover", str(tmp_path), "--keep")
    assert (refused.code, "Nobody says which application this is" in refused.err) == (1, True)
    assert seamark(*words, "--only", "packages").code == 2
