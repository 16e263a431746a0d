"""What a deploy gate is asked about."""

from __future__ import annotations

from msgspec import Struct


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where something is to run, as far as whoever asks says it; empty and None where not."""

    cluster: str = ""
    namespace: str = ""
    kind: str = ""
    """`Deployment`, `CronJob` …"""
    name: str = ""
    environment: str = ""
    """`production`, `staging` …"""
    exposure: str = ""
    """`internet`, `partner`, `internal`, `none`. What the inventory knows of the workload wins."""
    privileged: bool | None = None
    runs_as_root: bool | None = None
    host_network: bool | None = None

    @property
    def key(self) -> str:
        """Return it as the inventory writes workloads: `prod-eu/shop/Deployment/orders`."""
        return "/".join(part for part in (self.cluster, self.namespace, self.kind, self.name) if part)


class Subject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An image, or an application, perhaps in a version of it."""

    image: str = ""
    """`registry/name:tag@sha256:…`; with neither tag nor digest it is `latest`."""
    application: str = ""
    """Short name or name. Beside an image: whose it is where the inventory does not know."""
    version: str = ""
    """A tag of its images in the registry, a commit, a branch or a tag of its repositories; empty: as it stands now."""
    replaces: tuple[str, ...] = ()
    """Images that run there now: what they have, too, is not new."""
    place: Place = Place()

    @property
    def words(self) -> str:
        """Return it for people."""
        return self.image or f"{self.application} {self.version}".strip()
