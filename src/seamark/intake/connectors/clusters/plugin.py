"""Credential plug-ins of kubeconfigs: programs that print an `ExecCredential`."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.process import answer
from seamark.intake.discovery.infrastructure.values import mapping, plain, sequence

_VERSIONS: Final = frozenset({"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"})
_SECONDS: Final = 60.0
_MOST: Final = 1024**2


class Credentials(Struct, frozen=True):
    """What a plug-in gives; empty where it does not."""

    token: str = ""
    certificate: str = field(name="clientCertificateData", default="")
    """PEM."""
    key: str = field(name="clientKeyData", default="")


class _Answer(Struct):
    version: str = field(name="apiVersion")
    kind: str
    status: Credentials


def credentials(plugin: dict[str, Any], folder: Path, *, server: str, authority: str) -> Credentials:
    """Run a plug-in as a kubeconfig in `folder` declares it, and return its credentials. Raises `RemoteFailure`."""
    version, command = plain(plugin.get("apiVersion")), plain(plugin.get("command"))
    if version not in _VERSIONS:
        raise RemoteFailure(
            f"The plug-in speaks {version[:100]!r}; only client.authentication.k8s.io/v1 and v1beta1 are known",
            permanent=True,
        )
    if plain(plugin.get("interactiveMode")) == "Always":
        raise RemoteFailure("The plug-in wants to ask somebody, and nobody is there", permanent=True)
    # A path belongs to the kubeconfig that names it, a bare name to the PATH.
    program = str(folder / command) if "/" in command else shutil.which(command)
    if not command or program is None:
        raise RemoteFailure(f"The plug-in {command[:200]!r} is not installed", permanent=True)
    variables = {
        plain(one.get("name")): plain(one.get("value")) for one in map(mapping, sequence(plugin.get("env"))[:100])
    }
    variables.pop("", None)
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo") is True:
        spec["cluster"] = {"server": server, "certificate-authority-data": _base64(authority)}
    variables["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})
    words = [program, *(plain(one) for one in sequence(plugin.get("args"))[:200])]
    try:
        found = msgspec.json.decode(answer(words, timeout=_SECONDS, most=_MOST, variables=variables), type=_Answer)
    except msgspec.DecodeError:
        raise RemoteFailure(f"The plug-in {command[:200]!r} prints no ExecCredential", permanent=True) from None
    if found.version != version or found.kind != "ExecCredential":
        raise RemoteFailure(
            f"The plug-in {command[:200]!r} answers in another version than it was asked in", permanent=True
        )
    if not found.status.token and not (found.status.certificate and found.status.key):
        raise RemoteFailure(f"The plug-in {command[:200]!r} gives no credentials", permanent=True)
    return found.status


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
