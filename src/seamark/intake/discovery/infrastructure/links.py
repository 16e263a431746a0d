"""From what a program is configured with to whom it talks to: the services it calls, the data stores it reads and writes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.infrastructure.addresses import Address, is_public_name, read_addresses, read_place
from seamark.intake.discovery.infrastructure.values import without_empty

_PLACES: Final = re.compile(r"(?i)(?:HOST|HOSTNAME|HOSTS|ADDR|ADDRESS|URL|URI|ENDPOINT|ENDPOINTS|SERVER|SERVERS|SERVICE|BROKER|BROKERS|DSN|UPSTREAM|BACKEND|TARGET|ORIGIN|PEER|NODES|CONNECTION|CONNECTIONSTRING|BOOTSTRAP\.?SERVERS)(?:_?[0-9])?$")  # fmt: skip
_READ_ONLY: Final = re.compile(r"(?i)(?:^|[_.-])(?:replica|readonly|read_only|reader|ro)(?:[_.-]|$)")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "host.docker.internal", "host.minikube.internal", "::1"})
_MOST: Final = 3_000


class Setting(Struct, frozen=True):
    """A variable or argument that a program gets, and where it is written."""

    name: str
    value: str
    at: str


class Neighbour(Struct, frozen=True):
    """Who answers under a host name near a program: the workload, and the data store where it is one."""

    workload: AssetRef | None
    store: AssetRef | None = None


Near = Callable[[str], Iterable[Neighbour]]
"""Who answers under a host name; nobody for names that are not known."""


def links(
    source: AssetRef, settings: Iterable[Setting], near: Near, *, origin: str, confidence: float = 1.0
) -> Iterator[Found | Relation]:
    """Yield whom a program is pointed at by its settings, each edge once, from where it is surest."""
    best: dict[tuple[RelationKind, AssetRef], Relation] = {}
    for setting in itertools.islice(settings, _MOST):
        for fact in _of_setting(source, setting, near, origin, confidence):
            if isinstance(fact, Found):
                yield fact
                continue
            known = best.get((fact.kind, fact.target))
            if known is None or known.confidence < fact.confidence:
                best[fact.kind, fact.target] = fact
    yield from best.values()


def _of_setting(
    source: AssetRef, setting: Setting, near: Near, origin: str, confidence: float
) -> Iterator[Found | Relation]:
    found = list(read_addresses(setting.value))
    sure = 0.9
    if not found and (not setting.name or _PLACES.search(setting.name)):
        parts = setting.value.split(",") if "," in setting.value else [setting.value]
        found = [place for part in parts[:20] if (place := read_place(part)) is not None]
        sure = 0.8
    read_only = bool(_READ_ONLY.search(setting.name))
    for address in found:
        if address.host in _LOCAL or address.host.startswith("0."):
            continue
        neighbours = [each for each in near(address.host) if each.workload != source]
        for each in neighbours:
            if each.store is not None:
                yield from uses(
                    source,
                    each.store,
                    origin=origin,
                    at=setting.at,
                    confidence=min(confidence, sure),
                    read_only=read_only,
                )
            elif each.workload is not None:
                yield _edge(RelationKind.CALLS, source, each.workload, origin, setting.at, min(confidence, sure))
        if not neighbours and address.engine and "$" not in address.host:
            yield from _outside(source, address, setting, read_only, origin, confidence)


def _outside(
    source: AssetRef, address: Address, setting: Setting, read_only: bool, origin: str, confidence: float
) -> Iterator[Found | Relation]:
    store = AssetRef(AssetKind.DATA_STORE, address.key)
    facts = {"engine": address.engine, "host": address.host, "port": address.port or None, "database": address.database}
    if address.engine in {"s3", "gcs"}:
        facts = {"engine": address.engine, "bucket": address.host}
    elif not is_public_name(address.host):
        facts["why"] = "named by a setting; nothing in the tree declares it"
    name = address.database or address.host
    yield Found(
        ref=store, name=name, origin=origin, at=setting.at, confidence=min(confidence, 0.9), facts=without_empty(facts)
    )
    yield from uses(source, store, origin=origin, at=setting.at, confidence=min(confidence, 0.9), read_only=read_only)


def uses(
    source: AssetRef, store: AssetRef, *, origin: str, at: str, confidence: float, read_only: bool = False
) -> Iterator[Relation]:
    """Yield that a program reads and, with a little less confidence, writes a data store it has the address of."""
    yield _edge(RelationKind.READS, source, store, origin, at, confidence)
    if not read_only:
        yield _edge(RelationKind.WRITES, source, store, origin, at, round(confidence - 0.1, 2))


def _edge(kind: RelationKind, source: AssetRef, target: AssetRef, origin: str, at: str, confidence: float) -> Relation:
    return Relation(kind=kind, source=source, target=target, origin=origin, at=at, confidence=confidence)
