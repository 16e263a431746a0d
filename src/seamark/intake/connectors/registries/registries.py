"""All registries behind one door: asked by ecosystem, each from where it is configured, failures told once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, Protocol, Self, TypeVar, runtime_checkable

import httpx2
import msgspec
import platformdirs
from lxml import etree

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.registries.crates import Crates
from seamark.intake.connectors.registries.door import Cache, Door
from seamark.intake.connectors.registries.doors import Doors
from seamark.intake.connectors.registries.gittags import GitTags
from seamark.intake.connectors.registries.golang import Golang
from seamark.intake.connectors.registries.helm import Helm
from seamark.intake.connectors.registries.hosts import host_of
from seamark.intake.connectors.registries.maven import Maven
from seamark.intake.connectors.registries.npm import Npm
from seamark.intake.connectors.registries.nuget import Nuget
from seamark.intake.connectors.registries.oci import Oci
from seamark.intake.connectors.registries.packagist import Packagist
from seamark.intake.connectors.registries.pypi import Pypi
from seamark.intake.connectors.registries.release import Need, Release
from seamark.intake.connectors.registries.rubygems import Rubygems
from seamark.intake.connectors.registries.terraform import Terraform

_T = TypeVar("_T")
MOST_FAILURES: Final = 3
"""Of a registry; afterwards it is not asked again."""


class Client(Protocol):
    """What every registry's client answers."""

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where the package is not there."""

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version needs; None where that cannot be told."""


@runtime_checkable
class Hashing(Protocol):
    """A client that knows what locks keep of a version besides its number."""

    def hashes(self, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return pairs such as (`integrity`, `sha512-…`)."""


CLIENTS: Final[Mapping[str, tuple[str, Callable[[Door], Client]]]] = {
    "cargo": ("the crate index", Crates), "composer": ("Packagist", Packagist), "gem": ("RubyGems", Rubygems), "golang": ("the Go proxy", Golang),
    "maven": ("the Maven repository", Maven), "npm": ("the npm registry", Npm), "nuget": ("NuGet", Nuget), "pypi": ("the Python index", Pypi),
}  # fmt: skip

PINNED: Final[Mapping[str, tuple[str, Callable[[Doors], Client]]]] = {
    "docker": ("the image registry", Oci), "githubactions": ("the forge of actions", GitTags), "helm": ("the chart repository", Helm),
    "terraform": ("the Terraform registry", Terraform),
}  # fmt: skip
"""What names its host itself where it is not at the configured one."""
_HOST: Final = re.compile(r"(?:git::)?(?:[a-z]+://)?[\w-]+(?:[.:][\w.:-]+)(?=/)")
"""The host in front of a name."""


class Registries:
    """A catalogue of all registries that are configured. It raises nothing: what cannot be had is in `troubles`."""

    def __init__(
        self, hosts: Mapping[str, str] | None = None, *, cache: Cache | None = None, internal: Collection[str] = (), attempts: int = 3,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        """Take base addresses by ecosystem; those not named are looked for where each ecosystem's own tool is configured."""
        self._hosts, self._internal, self._attempts, self._transport = dict(hosts or {}), internal, attempts, transport
        self._cache = cache or Cache(folder())
        self._clients: dict[str, Client | None] = {}
        self._doors: list[Door | Doors] = []
        self._failures: dict[str, int] = {}
        self.troubles: dict[str, None] = {}

    def releases(self, ecosystem: str, name: str) -> tuple[Release, ...] | None:
        """Return all versions of a package; None where nobody can say."""
        return self._asked(ecosystem, name, lambda client: client.releases(name))

    def needs(self, ecosystem: str, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version needs; None where nobody can say."""
        return self._asked(ecosystem, name, lambda client: client.needs(name, version))

    def hashes(self, ecosystem: str, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return what a lock keeps of a version, in its own words; nothing where the registry does not say."""
        return self._asked(ecosystem, name, lambda client: client.hashes(name, version) if isinstance(client, Hashing) else ()) or ()  # fmt: skip

    def close(self) -> None:
        """Close all connections."""
        for door in self._doors:
            door.close()

    def _asked(self, ecosystem: str, name: str, ask: Callable[[Client], _T | None]) -> _T | None:
        # One host that is away says nothing about others.
        named = _HOST.match(name) if ecosystem in PINNED else None
        host = f"{ecosystem} {named[0]}" if named is not None else ecosystem
        client = self._client(ecosystem)
        if client is None or self._failures.get(host, 0) >= MOST_FAILURES:
            return None
        title = (CLIENTS.get(ecosystem) or PINNED[ecosystem])[0]
        try:
            return ask(client)
        except RemoteFailure as error:
            self._failures[host] = self._failures.get(host, 0) + (not error.permanent)
            self.troubles[str(error)] = None
        except (msgspec.MsgspecError, etree.XMLSyntaxError, RecursionError, ValueError) as error:
            self.troubles[f"{title} answers what is none of its documents ({str(error)[:200]})"] = None
        return None

    def _client(self, ecosystem: str) -> Client | None:
        if ecosystem not in self._clients:
            self._clients[ecosystem] = self._opened(ecosystem)
        return self._clients[ecosystem]

    def _opened(self, ecosystem: str) -> Client | None:
        if ecosystem in PINNED:
            return self._outside(ecosystem)
        if ecosystem not in CLIENTS:
            return None
        title, make = CLIENTS[ecosystem]
        host = self._hosts.get(ecosystem) or host_of(ecosystem)
        if not host:
            self.troubles[f"Nobody here says where {title} is; SEAMARK_REGISTRIES={ecosystem}=https://… does"] = None
            return None
        try:
            door = Door(host, title, self._cache, internal=self._internal, attempts=self._attempts, transport=self._transport)  # fmt: skip
        except RemoteFailure as error:
            self.troubles[str(error)] = None
            return None
        self._doors.append(door)
        return make(door)

    def _outside(self, ecosystem: str) -> Client | None:
        title, make = PINNED[ecosystem]
        base = self._hosts.get(ecosystem) or host_of(ecosystem)
        try:
            doors = Doors(base, title, self._cache, internal=self._internal, attempts=self._attempts, transport=self._transport)  # fmt: skip
        except RemoteFailure as error:
            self.troubles[str(error)] = None
            return None
        self._doors.append(doors)
        return make(doors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def folder() -> Path:
    """Return the folder in which answers are kept."""
    return platformdirs.user_cache_path("seamark") / "registries"
