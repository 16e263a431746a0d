"""`seamark runtime sync` and `status`: live sources from the command line, once and again and again."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clusters.apiserver import PATHS, TOKEN, Authority, Cluster, serving
from tests.clusters.programs import Fake
from tests.dumps.harbour import CLUSTER, objects

from .conftest import Command, Installation


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    served = Cluster(objects(), Authority())
    (tmp_path / "token").write_text(TOKEN)
    with serving(served, tmp_path):
        yield served
    assert served.wrong == []


@pytest.fixture
def words(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that reach the cluster."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "KUBERNETES_SERVICE_HOST", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    more = ["--server", cluster.url, "--token-file", str(tmp_path / "token"), "--ca", str(tmp_path / "authority.pem")]
    return ["runtime", "sync", "kubernetes", "--cluster", CLUSTER, *more]


def test_a_dry_run_prints_what_is_told_and_needs_no_database(
    seamark: Command, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seamark.interfaces.cli.syncs.boot", lambda: pytest.fail("the database was asked for"))
    result = seamark(*words, "--dry-run")
    assert (result.code, result.err) == (0, "")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert rows[-1] == {"dump": f"kubernetes {CLUSTER}", "complete": True, "partial": []}
    assert f"{CLUSTER}/harbour/Deployment/orders" in {row.get("key") for row in rows}


@pytest.mark.django_db
def test_what_came_and_how_it_stands(seamark: Command, words: list[str], cluster: Cluster) -> None:
    assert "No cluster or cloud was synced" in seamark("runtime", "status").out
    result = seamark(*words, "--application", "Harbour")
    assert (result.code, result.err) == (0, "")
    assert f"kubernetes {CLUSTER}: 4 workloads" in result.out
    assert "Harbour: 3 findings of drift, 3 new" in result.out
    cluster.refuses[PATHS["Ingress"]] = 403
    result = seamark(*words)
    assert (result.code, "not the whole: ingresses: it answers 403" in result.out) == (0, True)
    cluster.token = "another"
    result = seamark(*words)
    assert (result.code, result.out) == (1, "")
    assert f"kubernetes {CLUSTER}: The cluster does not accept these credentials" in result.err
    shown = seamark("runtime", "status").out
    assert f"kubernetes {CLUSTER}: all told 20" in shown
    assert "a part 20" in shown
    assert "FAILING (1 time)" in shown
    assert "  not told: ingresses: it answers 403" in shown
    (row,) = [json.loads(line) for line in seamark("runtime", "status", "--json").out.splitlines()]
    assert (row["state"], row["versions"]["pods"], row["surveys"]) == ("failing", "4711", [f"kubernetes {CLUSTER}"])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--every", "5s"], "from 30s to 7d"), (["--every", "soon"], "from 30s to 7d"), (["--every", "15m", "--dry-run"], "--dry-run excludes --every"),
        (["--partial", "--complete"], "exclude each other"), (["--context", "x"], "--server excludes"), (["--environment", "a\nb"], "printable"),
    ],
)  # fmt: skip
def test_wrong_words(more: list[str], says: str, seamark: Command, words: list[str]) -> None:
    result = seamark(*words, *more)
    assert (result.code, says in result.err) == (2, True)


@pytest.mark.parametrize(
    ("more", "says"),
    [(["--server", "https://x"], "given together"), (["--ca", "x"], "--ca goes with --server"), ([], "--kube"), (["--cluster", " "], "--cluster is empty")],
)  # fmt: skip
def test_wrong_words_without_a_server(
    more: list[str], says: str, seamark: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    result = seamark("runtime", "sync", "kubernetes", "--cluster", CLUSTER, "--dry-run", *more)
    assert result.code == (2 if more else 1)
    assert (says in result.err) if more else f"{tmp_path}/.kube/config cannot be read" in result.err


def test_clouds_are_asked_through_their_own_programs(
    seamark: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, command, said in (
        ("aws", "aws", ["--region", "eu-west-1"]),
        ("gcloud", "google", []),
        ("az", "azure", []),
        ("kubectl", "kubernetes", ["--cluster", "c", "--with-kubectl"]),
    ):
        missing = seamark("runtime", "sync", command, *said, "--dry-run")
        assert (missing.code, f"{name} is not installed" in missing.err) == (1, True)
    az = Fake(tmp_path, "az")
    az.says("account show", {"id": "1"})
    az.says(
        "webapp list",
        [{"id": "/subscriptions/1/resourceGroups/g/providers/Microsoft.Web/sites/shop", "name": "shop", "kind": "app"}],
    )
    for command in ("containerapp list", "aks list", "functionapp list", "container list", "sql server list"):
        az.says(command, [])
    result = seamark("runtime", "sync", "azure", "--dry-run", "--environment", "production")
    assert (result.code, result.err) == (0, "")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert rows[-1] == {"dump": "azure 1 webapps", "complete": True, "partial": []}
    assert {row["facts"]["environment"] for row in rows if row.get("name") == "shop"} == {"production"}


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_loop_ends_at_once_when_it_is_told_to(
    number: int, installation: Installation, words: list[str], tmp_path: Path
) -> None:
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        process = installation.start(*words, "--every", "15m", stdout=out, stderr=err)
        try:
            _until(lambda: b"the whole of it" in (tmp_path / "out").read_bytes() or process.poll() is not None)
            process.send_signal(number)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
    assert (tmp_path / "err").read_text() == f"Syncing kubernetes {CLUSTER} every 900 s (SIGTERM or Ctrl-C ends it)\n"


def test_a_loop_ends_while_it_waits_for_an_answer(
    installation: Installation, words: list[str], cluster: Cluster, tmp_path: Path
) -> None:
    cluster.slow.add("/apis")
    process = installation.start(*words, "--every", "15m")
    try:
        _until(lambda: bool(cluster.asked) or process.poll() is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        _, err = process.communicate()
    assert b"Traceback" not in err
    # What was broken off is no failure, and nothing good either: it stays old, and is shown so.
    (row,) = [json.loads(line) for line in installation.run("runtime", "status", "--json").out.splitlines()]
    assert (row["state"], row["failure"]) == ("never", "")
