"""Ways to a cluster: whom we trust, as whom we come, and what is refused with a sentence."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters import access
from seamark.intake.connectors.clusters.access import Access, in_cluster, of_options
from seamark.intake.connectors.clusters.api import Api
from seamark.intake.connectors.clusters.kubeconfig import of_kubeconfig, usual

from .apiserver import TOKEN, Authority, Cluster, serving


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def config(tmp_path: Path, cluster: Cluster) -> Callable[..., Path]:
    """Return a function that writes a kubeconfig; `cluster` and `user` are added to what works."""

    def write(user: dict[str, Any] | None = None, **cluster_fields: Any) -> Path:
        where = {"server": cluster.url, "certificate-authority-data": b64(cluster.authority.pem), **cluster_fields}
        content = {
            "apiVersion": "v1", "kind": "Config", "current-context": "prod", "clusters": [{"name": "c", "cluster": where}],
            "users": [{"name": "u", "user": user if user is not None else {"token": TOKEN}}],
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}, {"name": "broken", "context": {"cluster": "gone", "user": "u"}}],
        }  # fmt: skip
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(content))
        return path

    return write


def groups(way: Access) -> list[str]:
    with Api(way, patience=10, pause=0, sleep=lambda _: None) as api:
        return [one["name"] for one in api.get("/apis")["groups"]]


def test_a_token_and_files_beside_the_kubeconfig(config: Callable[..., Path], tmp_path: Path, cluster: Cluster) -> None:
    assert "apps" in groups(of_kubeconfig(config()))
    (tmp_path / "ca.crt").write_text(cluster.authority.pem)
    (tmp_path / "token").write_text(TOKEN + "\n")
    written = {"certificate-authority-data": None, "certificate-authority": "ca.crt"}
    assert "apps" in groups(of_kubeconfig(config({"tokenFile": "token"}, **written), "prod"))


def test_a_token_file_is_read_anew(tmp_path: Path, cluster: Cluster) -> None:
    token, authority = tmp_path / "token", tmp_path / "ca.pem"
    token.write_text(TOKEN)
    authority.write_text(cluster.authority.pem)
    with Api(of_options(cluster.url + "/", str(token), str(authority)), sleep=lambda _: None) as api:
        api.get("/apis")
        cluster.token = "the next one"
        token.write_text("the next one".replace(" ", "-"))
        cluster.token = "the-next-one"
        api.get("/apis")


def test_a_client_certificate(authority: Authority, tmp_path: Path) -> None:
    served = Cluster([], authority)
    certificate, key = authority.pair("reader")
    with serving(served, tmp_path, ask_certificate=True):
        way = Access(server=served.url, authority=authority.pem, certificate=certificate, key=key).checked()
        assert "apps" in groups(way)
    assert set(served.people) == {"reader"}


def test_certificates_are_checked(cluster: Cluster, authority: Authority, tmp_path: Path) -> None:
    for way in (
        Access(server=cluster.url, token="t"),
        Access(server=cluster.url, token="t", authority=Authority().pem),
    ):
        with pytest.raises(RemoteFailure, match=r"certificate of 127\.0\.0\.1:[0-9]+ is not trusted") as caught:
            groups(way)
        assert caught.value.permanent
    assert cluster.asked == []
    served = Cluster([], authority)
    (tmp_path / "other").mkdir()
    with serving(served, tmp_path / "other", name="kubernetes.example"):
        with pytest.raises(RemoteFailure, match="not trusted"):
            groups(Access(server=served.url, authority=authority.pem, token=TOKEN))
        named = Access(server=served.url, authority=authority.pem, token=TOKEN, server_name="kubernetes.example")
        assert "apps" in groups(named)


PLUGIN = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./credentials", "interactiveMode": "Never"}


def plugin(folder: Path, code: str) -> None:
    path = folder / "credentials"
    path.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nasked = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n{code}\n"
    )
    path.chmod(0o755)


def test_a_program_runs_only_when_allowed(
    config: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAMARK_SECRET_KEY", "ours")
    plugin(
        tmp_path,
        f"""open({str(tmp_path / "ran")!r}, "w").write(json.dumps([asked, dict(os.environ), sys.argv[1:]]))
print(json.dumps({{"apiVersion": asked["apiVersion"], "kind": "ExecCredential", "status": {{"token": {TOKEN!r}}}}}))""",
    )
    declared = {
        **PLUGIN,
        "args": ["--cluster", "x; touch y"],
        "env": [{"name": "ROLE", "value": "audit"}],
        "provideClusterInfo": True,
    }
    path = config({"exec": declared})
    with pytest.raises(RemoteFailure, match="--allow-exec lets it run"):
        of_kubeconfig(path)
    assert not (tmp_path / "ran").exists()
    assert "apps" in groups(of_kubeconfig(path, allow_exec=True))
    asked, environment, words = json.loads((tmp_path / "ran").read_text())
    assert words == ["--cluster", "x; touch y"]
    assert environment["ROLE"] == "audit"
    assert "SEAMARK_SECRET_KEY" not in environment
    assert asked["spec"]["interactive"] is False
    assert asked["spec"]["cluster"]["server"].startswith("https://127.0.0.1:")


@pytest.mark.parametrize(
    ("code", "declared", "words"),
    [
        ("print('hello')", {}, "prints no ExecCredential"), ("sys.exit('not logged in')", {}, "exit code 1: not logged in"),
        ("print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1beta1', 'kind': 'ExecCredential', 'status': {'token': 'x'}}))", {}, "another version"),
        ("print(json.dumps({'apiVersion': asked['apiVersion'], 'kind': 'ExecCredential', 'status': {}}))", {}, "gives no credentials"),
        ("sys.stdout.write('x' * 3_000_000)", {}, "more than 1 MB"), ("", {"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "only client.authentication"),
        ("", {"interactiveMode": "Always"}, "wants to ask somebody"), ("", {"command": "no-such-program-anywhere"}, "is not installed"),
    ],
)  # fmt: skip
def test_programs_that_fail_are_told(
    code: str, declared: dict[str, Any], words: str, config: Callable[..., Path], tmp_path: Path
) -> None:
    plugin(tmp_path, code)
    with pytest.raises(RemoteFailure, match=words):
        of_kubeconfig(config({"exec": {**PLUGIN, **declared}}), allow_exec=True)


@pytest.mark.parametrize(
    ("user", "fields", "words"),
    [
        ({"username": "a", "password": "b"}, {}, "a password"), ({"auth-provider": {"name": "gcp"}}, {}, "auth-provider"), ({"token": "t", "as": "admin"}, {}, "impersonation"),
        ({}, {}, "as whom the cluster is asked"), ({"client-certificate-data": "!!", "client-key-data": "!!"}, {}, "no PEM in base64"),
        ({"tokenFile": "/nowhere/token"}, {"insecure-skip-tls-verify": True}, "certificates are always checked"), ({"token": "t"}, {"server": "http://127.0.0.1"}, "https://"),
        ({"token": "t"}, {"server": "https://user:password@127.0.0.1"}, "holds no password"), ({"token": "t"}, {"certificate-authority": "none.crt", "certificate-authority-data": None}, "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_refused(user: dict[str, Any], fields: dict[str, Any], words: str, config: Callable[..., Path]) -> None:
    with pytest.raises(RemoteFailure, match=words):
        of_kubeconfig(config(user, **fields))


def test_certificates_that_are_none(cluster: Cluster) -> None:
    for more in ({"authority": "x"}, {"certificate": "x", "key": "y"}):
        with pytest.raises(RemoteFailure, match="cannot be used"):
            Api(Access(**{"server": cluster.url, "token": TOKEN, **more}))


def test_kubeconfigs_that_are_none(
    tmp_path: Path, config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other"
    for content, words in (
        (b"a: [", "no YAML"),
        (b"{}", "no current context"),
        (b"\xff", "cannot be read"),
        (b"x" * 1_100_000, "larger than 1 MB"),
    ):
        path.write_bytes(content)
        with pytest.raises(RemoteFailure, match=words):
            of_kubeconfig(path)
    with pytest.raises(RemoteFailure, match="has no context 'none'"):
        of_kubeconfig(config(), "none")
    with pytest.raises(RemoteFailure, match="has no cluster 'gone'"):
        of_kubeconfig(config(), "broken")
    monkeypatch.setenv("KUBECONFIG", f"{path}")
    assert usual() == path
    monkeypatch.setenv("KUBECONFIG", f"{path}:{path}")
    with pytest.raises(RemoteFailure, match="names several files"):
        usual()
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert usual() == tmp_path / ".kube" / "config"


def test_in_a_pod(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ACCOUNT", tmp_path)
    assert in_cluster() is None
    host, port = cluster.url.removeprefix("https://").split(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    assert in_cluster() is None
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "ca.crt").write_text(cluster.authority.pem)
    way = in_cluster()
    assert way is not None
    assert "apps" in groups(way)
    (tmp_path / "token").write_text("line\nbreak")
    with pytest.raises(RemoteFailure, match="characters that no token has"):
        groups(way)
