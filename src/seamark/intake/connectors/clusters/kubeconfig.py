"""Kubeconfig files: which cluster, and as whom."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import Any, Final

import yaml

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.access import Access, read_text
from seamark.intake.connectors.clusters.plugin import credentials
from seamark.intake.discovery.bounded import load
from seamark.intake.discovery.infrastructure.values import mapping, plain, sequence

_UNSUPPORTED: Final = {
    "username": "a password, which no cluster takes any more", "auth-provider": "an auth-provider, which Kubernetes gave up for exec plugins",
    "as": "impersonation", "as-groups": "impersonation", "as-uid": "impersonation", "as-user-extra": "impersonation",
}  # fmt: skip


def usual() -> Path:
    """Return the kubeconfig that kubectl would take. Raises `RemoteFailure` where that is several."""
    named = [one for one in os.environ.get("KUBECONFIG", "").split(os.pathsep) if one]
    if len(named) > 1:
        raise RemoteFailure("KUBECONFIG names several files; name one of them with --kubeconfig", permanent=True)
    return Path(named[0]) if named else Path.home() / ".kube" / "config"


def of_kubeconfig(path: Path, context: str = "", *, allow_exec: bool = False) -> Access:
    """Return the access that a context of a kubeconfig describes, the current one where none is named.

    Plug-ins that make credentials are programs that the file names: they run only with `allow_exec`. Raises `RemoteFailure`.
    """
    try:
        content = mapping(load(read_text(path, "kubeconfig")))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        raise RemoteFailure(f"{path} is no kubeconfig: it is no YAML", permanent=True) from None
    name = context or plain(content.get("current-context"))
    if not name:
        raise RemoteFailure(f"{path} has no current context; name one with --context", permanent=True)
    chosen = _named(content, "contexts", "context", name, path)
    cluster = _named(content, "clusters", "cluster", plain(chosen.get("cluster")), path)
    user = _named(content, "users", "user", plain(chosen.get("user")), path)
    if cluster.get("insecure-skip-tls-verify") is True:
        raise RemoteFailure(
            f"{path} says insecure-skip-tls-verify for this cluster, and certificates are always checked: give certificate-authority instead",
            permanent=True,
        )
    for field, what in _UNSUPPORTED.items():
        if user.get(field):
            raise RemoteFailure(f"{path} wants {what}: that is not supported", permanent=True)
    folder = path.parent
    token, certificate, key = (
        plain(user.get("token")),
        _pem(user, "client-certificate", folder),
        _pem(user, "client-key", folder),
    )
    token_file = str(folder / plain(user.get("tokenFile"))) if user.get("tokenFile") else ""
    authority = _pem(cluster, "certificate-authority", folder)
    plugin = mapping(user.get("exec"))
    if plugin:
        if not allow_exec:
            raise RemoteFailure(
                f"{path} gets its credentials from the program {plain(plugin.get('command'))[:200]!r}; --allow-exec lets it run, "
                "a token file of a service account does without",
                permanent=True,
            )
        made = credentials(plugin, folder, server=plain(cluster.get("server")), authority=authority)
        token, certificate, key = made.token or token, made.certificate or certificate, made.key or key
    return Access(
        server=plain(cluster.get("server")).rstrip("/"), authority=authority, token=token, token_file=token_file, certificate=certificate, key=key,
        server_name=plain(cluster.get("tls-server-name")), proxy=plain(cluster.get("proxy-url")), origin=f"kubeconfig {path}, context {name}",
    ).checked()  # fmt: skip


def _named(content: dict[str, Any], listed: str, inner: str, name: str, path: Path) -> dict[str, Any]:
    for each in map(mapping, sequence(content.get(listed))[:10_000]):
        if plain(each.get("name")) == name and name:
            return mapping(each.get(inner))
    raise RemoteFailure(f"{path} has no {inner} {name!r}", permanent=True)


def _pem(of: dict[str, Any], field: str, folder: Path) -> str:
    """Return what a field holds in base64, or the file that it names."""
    if data := plain(of.get(f"{field}-data")):
        try:
            return base64.b64decode(data, validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise RemoteFailure(f"The kubeconfig's {field}-data is no PEM in base64", permanent=True) from None
    named = plain(of.get(field))
    return read_text(folder / named, field) if named else ""
