"""`seamark runtime`: dumps as lines without a database, what runs and what drifted with one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from seamark.intake.sbom.envelopes import pre_authentication
from tests.dumps.clouds import AWS
from tests.dumps.harbour import CLUSTER, ORDERS, as_json, as_yaml, digest, objects, system_pod
from tests.sbom.test_provenance import IN_TOTO, envelope, public_pem, signer, statement

from .conftest import Command, Installation


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "prod.json"
    path.write_bytes(as_json(objects()))
    return path


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_dry_run_prints_assets_and_relations_as_discover_does(seamark: Command, dump: Path) -> None:
    result = seamark("runtime", dump, "--cluster", CLUSTER, "--dry-run")
    assert (result.code, result.err) == (0, "")
    found = rows(result.out)
    assets, relations = [row for row in found if "asset" in row], [row for row in found if "relation" in row]
    keys = ["asset", "kind", "key", "name", "path", "line", "origin", "at", "confidence", "facts"]
    assert all(list(row)[:10] == keys and row["asset"] == row["kind"] for row in assets)
    assert all(list(row)[:6] == ["relation", "source", "target", "origin", "at", "confidence"] for row in relations)
    assert found[-1] == {"dump": f"kubernetes {CLUSTER}", "complete": True, "partial": []}
    orders = next(row for row in assets if row["key"] == f"{CLUSTER}/harbour/Deployment/orders")
    assert orders["facts"]["images"][0]["digest"] == digest("a")
    assert {(row["source"]["key"], row["target"]["key"]) for row in relations if row["relation"] == "runs"} >= {
        (orders["key"], ORDERS)
    }


def test_dry_run_needs_no_database(seamark: Command, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "seamark.interfaces.cli.commands.runtime_.boot", lambda: pytest.fail("the database was asked for")
    )
    assert seamark("runtime", dump, "--cluster", CLUSTER, "--dry-run", "--json").code == 0


@pytest.mark.django_db
def test_what_runs_and_what_drifted(seamark: Command, dump: Path) -> None:
    result = seamark("runtime", dump, "--cluster", CLUSTER, "--application", "Harbour")
    assert (result.code, result.err) == (0, "")
    assert f"kubernetes {CLUSTER}: 4 workloads" in result.out
    assert "the whole of it" in result.out
    assert "never scanned" in result.out
    assert "Harbour: 3 findings of drift, 3 new, 0 fixed, 3 new issues" in result.out
    issues = rows(seamark("issues", "app:Harbour", "--json").out)
    assert [issue["title"].partition(":")[0] for issue in issues] == ["An image runs that was never scanned"] * 3


@pytest.mark.django_db
def test_lines_for_machines(seamark: Command, tmp_path: Path) -> None:
    path = tmp_path / "part.yaml"
    path.write_bytes(as_yaml([system_pod()]))
    found = rows(seamark("runtime", path, "--cluster", CLUSTER, "--json").out)
    assert [(row["image"], row["state"], row["states"]) for row in found if "image" in row] == [
        ("registry.k8s.io/coredns/coredns", "never-scanned", ["never-scanned", "attestation-missing"])
    ]
    last = found[-1]
    assert (last["dump"], last["complete"], last["partial"]) == (
        f"kubernetes {CLUSTER}",
        False,
        ["it tells of the pods of one namespace only"],
    )
    assert last["without_application"] == [f"{CLUSTER}/kube-system/Deployment/coredns"]


@pytest.mark.django_db
def test_without_an_application_drift_is_told_and_not_imported(seamark: Command, dump: Path) -> None:
    result = seamark("runtime", dump, "--cluster", CLUSTER)
    assert (
        "4 workloads belong to no application, so their drift is not imported: name it with --application" in result.out
    )
    assert "findings of drift" not in result.out


@pytest.mark.django_db
def test_several_dumps_of_one_source_are_one(seamark: Command, tmp_path: Path) -> None:
    for name in ("ecs describe-tasks", "ecs list-tasks", "ecs describe-task-definition"):
        (tmp_path / f"{name}.json").write_text(json.dumps(AWS[name]), "utf-8")
    result = seamark("runtime", *sorted(tmp_path.glob("*.json")), "--application", "Shop")
    assert result.code == 0
    assert "ecs/shop: 1 workload," in result.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{}", "An empty answer does not say what it is of"), (b'{"a": 1}', "It is no dump that is known"), (b"", "The file is empty"), (b'{"kind"', "It is cut off or no valid JSON"),
        (as_json(objects()), "Nothing in it says which cluster this is (name it with --cluster)"),
    ],
)  # fmt: skip
def test_what_is_no_dump_is_one_line_and_two(seamark: Command, tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    result = seamark("runtime", path, "--dry-run")
    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert len(result.err.splitlines()) == 1


def test_a_missing_file_and_a_broken_option(seamark: Command, tmp_path: Path, dump: Path) -> None:
    missing = seamark("runtime", tmp_path / "none.json", "--dry-run")
    assert (missing.code, "No such file" in missing.err) == (2, True)
    assert seamark("runtime", dump, "--cluster", "a\nb", "--dry-run").code == 2
    assert seamark("runtime", dump, "--cluster", "a", "--dry-run", "--partial", "--complete").code == 2


def test_attestations_are_verified_against_keys(seamark: Command, tmp_path: Path, dump: Path) -> None:
    (tmp_path / "bad.json").write_text("{}", "utf-8")
    result = seamark("runtime", dump, "--cluster", CLUSTER, "--dry-run", "--attestation", tmp_path / "bad.json")
    assert result.code == 2
    assert "bad.json" in result.err
    key = seamark(
        "runtime",
        dump,
        "--cluster",
        CLUSTER,
        "--dry-run",
        "--attestation",
        tmp_path / "bad.json",
        "--key",
        tmp_path / "none.pem",
    )
    assert key.code == 2


@pytest.mark.django_db
def test_a_forged_attestation_is_the_worst(seamark: Command, tmp_path: Path, dump: Path) -> None:
    key, sign = signer("ed25519")
    (tmp_path / "ours.pub").write_bytes(public_pem(key))
    for name, letter, changed in (("orders", "a", {"extra": 1}), ("storefront", "b", {})):
        signed = statement({}, "1", subject=[{"name": name, "digest": {"sha256": letter * 64}}])
        signature = base64.b64encode(sign(pre_authentication(IN_TOTO, json.dumps(signed).encode()))).decode()
        (tmp_path / name).write_text(json.dumps(envelope({**signed, **changed}, [{"sig": signature}])), "utf-8")
    words = (
        "runtime",
        dump,
        "--cluster",
        CLUSTER,
        "--json",
        "--application",
        "Harbour",
        "--key",
        tmp_path / "ours.pub",
    )
    found = rows(seamark(*words, "--attestation", tmp_path / "orders", "--attestation", tmp_path / "storefront").out)
    told = {row["workload"].rpartition("/")[2]: row["states"] for row in found if "image" in row}
    assert told["orders"] == ["attestation-invalid", "never-scanned"]
    assert told["storefront"] == ["never-scanned"]
    again = {row["workload"].rpartition("/")[2]: row["states"] for row in rows(seamark(*words).out) if "image" in row}
    assert again == told


def test_the_program_keeps_what_it_takes(installation: Installation, dump: Path) -> None:
    first = installation.run("runtime", dump, "--cluster", CLUSTER, "--application", "Harbour")
    assert (first.code, first.err) == (0, "")
    again = installation.run("runtime", dump, "--cluster", CLUSTER, "--application", "Harbour")
    assert "0 new facts, 0 ended" in again.out
    lines = installation.run("graph", "blast", f"image:{ORDERS}", "--json")
    assert f"{CLUSTER}/harbour/Deployment/orders" in lines.out
