"""What repositories pin, from what surveys kept of them: base images, images that workloads run, actions of workflows.

Modules, providers and charts are in no survey with all that planning needs; they are read from the repository's files.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.db.models import Q, QuerySet
from msgspec.structs import replace

from seamark.core.assets import AssetKind, RelationKind, image_name
from seamark.core.component import Component
from seamark.core.finding import Finding as Full
from seamark.core.location import CodeLocation
from seamark.core.sbom import Entry
from seamark.core.sbom import Sbom as Inventory
from seamark.core.severity import Severity
from seamark.pipeline.trees import source_of
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.references import split
from seamark.response.remediation.pins.known import Complaint, complaints
from seamark.response.remediation.pins.pin import Pin
from seamark.store import evidence
from seamark.store.access import Visible
from seamark.store.models import Application, Asset, Finding, Issue, Relation, Sbom, SbomComponent, Statement

MOST_INVENTORIES: Final = 50
MOST_PINS: Final = 5_000
MOST_COMPLAINTS: Final = 5_000
_ACTION: Final = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:/.*)?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def kept_pins(application: Application, repository: str) -> tuple[Pin, ...]:
    """Return what the latest survey of a repository tells of pins, each version of each thing once. The caller has seen the application.

    `repository` is its natural key. Parts of the repository that belong to another application are left out.
    """
    own = Q(asset__application=application) | Q(asset__application=None)
    kinds = [kind.value for kind in (AssetKind.IMAGE, AssetKind.PIPELINE)]
    said = Statement.objects.filter(own, source=source_of(repository), until=None, asset__kind__in=kinds)
    found: list[Pin] = []
    for row in said.select_related("asset").order_by("asset__key", "id")[:MOST_PINS]:
        found += _actions(row) if row.asset.kind == AssetKind.PIPELINE else _stages(row.facts)
    return _once([*found, *_run(application, repository)][:MOST_PINS])


def _once(found: Iterable[Pin]) -> tuple[Pin, ...]:
    """Put the places of what is pinned alike together."""
    places: dict[tuple[ChangeKind, str, str, str], dict[tuple[str, int], None]] = {}
    for one in found:
        places.setdefault((one.kind, one.name, one.version, one.held), {}).update(dict.fromkeys(one.places))
    return tuple(
        Pin(kind=kind, name=name, version=version, held=held, places=tuple(sorted(at)))
        for (kind, name, version, held), at in sorted(places.items())
    )


def _image(reference: str, path: str, line: int) -> Iterator[Pin]:
    name, tag, digest = split(reference.strip())
    if name and name != "scratch" and not set(reference) & set("${} "):
        yield Pin(kind=ChangeKind.IMAGE, name=name, version=tag, held=digest, places=((path, line),))


def _stages(facts: Mapping[str, Any]) -> Iterator[Pin]:
    """Yield what the stages of an image's Dockerfile start from, other than each other."""
    names: set[str] = set()
    path = facts.get("dockerfile")
    for stage in _listed(facts, "stages"):
        base = str(stage.get("base", ""))
        if isinstance(path, str) and path and base.lower() not in names:
            yield from _image(base, path, _line(stage))
        names.add(str(stage.get("name", "")).lower())


def _actions(row: Statement) -> Iterator[Pin]:
    path = row.asset.key.partition("//")[2]
    for one in _listed(row.facts, "actions"):
        named = _ACTION.fullmatch(str(one.get("name", "")))
        if named is None:
            continue
        version = str(one.get("version", ""))
        held = version if _COMMIT.fullmatch(version) else ""
        yield Pin(kind=ChangeKind.ACTION_PIN, name=named["name"], version="" if held else version, held=held, places=((path, _line(one)),))  # fmt: skip


def _run(application: Application, repository: str) -> Iterator[Pin]:
    """Yield the images of workloads that the repository declares."""
    source = source_of(repository)
    rows = Relation.objects.filter(
        said_in=source, until=None, kind=RelationKind.RUNS.value, source__application=application, source__kind=AssetKind.WORKLOAD.value,
        target__kind=AssetKind.IMAGE.value,
    )  # fmt: skip
    told = list(rows.order_by("id").values_list("source", "target__key", "at")[:MOST_PINS])
    facts = Statement.objects.filter(source=source, until=None, asset__in={one for one, _, _ in told})
    named = {row.asset_id: list(_references(row.facts)) for row in facts}
    for workload, image, at in told:
        path, _, line = at.rpartition(":")
        if not (path and line.isascii() and line.isdigit()):
            continue
        for reference in named.get(workload, ()):
            if image_name(reference) == image:
                yield from _image(reference, path, int(line))


def _references(facts: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(facts.get("image"), str):
        yield facts["image"]
    yield from (one["reference"] for one in _listed(facts, "images") if isinstance(one.get("reference"), str))


def _listed(facts: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list among facts; facts are as somebody sent them."""
    found = facts.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _line(told: Mapping[str, Any]) -> int:
    line = told.get("line")
    return line if isinstance(line, int) and line > 0 else 1


def built_images(application: Application) -> frozenset[str]:
    """Return the images that are built from an application's own code: what is in them is its own packages' to clear."""
    rows = Relation.objects.filter(until=None, kind=RelationKind.BUILT_FROM.value, source__kind=AssetKind.IMAGE.value, target__application=application)  # fmt: skip
    return frozenset(rows.values_list("source__key", flat=True))


def repositories_of(visible: Visible, application: Application) -> QuerySet[Asset]:
    """Return the repositories of an application, by key."""
    rows = visible.assets().filter(application=application, kind=AssetKind.REPOSITORY.value, gone_at=None)
    return rows.order_by("key")


class Complained(NamedTuple):
    """An issue that is about how something is pinned, with all that tools say of it."""

    name: str
    """The issue's reference and a rule: each issue is a flaw of its own, whichever tools report it."""
    risk: float
    """From 0 to 100."""
    said: tuple[Complaint, ...]


def complained(found: Iterable[tuple[str, Full, Issue]]) -> tuple[Complained, ...]:
    """Return the issues among findings, given with tool and issue, that are about how something is pinned."""
    issues: dict[int, Issue] = {}
    told: dict[int, list[Complaint]] = defaultdict(list)
    for tool, one, issue in found:
        if about := complaints([(tool, one)]):
            issues[issue.pk] = issue
            told[issue.pk] += about
    return tuple(
        Complained(f"{issues[number].reference} {min(one.rule for one in said)}", issues[number].risk / 10, tuple(said)) for number, said in sorted(told.items())
    )  # fmt: skip


def shared(found: Iterable[Complained], pins: Collection[Pin]) -> tuple[Complaint, ...]:
    """Return complaints as pins are weighed by them: an issue about several pins weighs its part at each, so that all make the issue."""
    told = []
    for one in found:
        touched = sum(any(each.is_about(pin) for each in one.said) for pin in pins)
        told += [each._replace(rule=one.name, weight=one.risk / max(1, touched)) for each in one.said]
    return tuple(told)


def complaints_of(issues: QuerySet[Issue]) -> tuple[Complained, ...]:
    """Return those of open issues that are about how something is pinned, by their open findings; of too many the riskiest."""
    reported = Finding.objects.filter(issue__in=issues.filter(open=True).values("pk"), closed_in=None)
    spoken = reported.order_by().values_list("stream__tool", "rule", "rule__code").distinct()
    rules = {number for tool, number, code in spoken if _is_about_pins(tool, code)}
    if not rules:
        return ()
    rows = list(
        reported.filter(rule__in=rules).select_related("stream", "issue").order_by("-issue__risk", "id")[:MOST_COMPLAINTS]
    )  # fmt: skip
    full = evidence.read(rows, texts=False)
    return complained((row.stream.tool, full[row.pk], row.issue) for row in rows if row.pk in full)


def _is_about_pins(tool: str, rule: str) -> bool:
    anywhere = Full(rule=rule, title="", severity=Severity.LOW, location=CodeLocation(path="file", line=1))
    return bool(complaints([(tool, anywhere)]))


def inventory_of(parts: Iterable[Component]) -> Inventory:
    """Return what an image holds."""
    return Inventory(format="seamark", entries=tuple(Entry(component=one) for one in parts))


def base_inventories(
    image: str, pins: Iterable[Pin], inside: Sequence[Component], seen: Visible | None = None
) -> dict[str, Inventory]:
    """Return what versions of a base image hold, by reference: `inside` is what scanners found in it as it is pinned now.

    With `seen` only inventories that the person may see count, and those of images that are nobody's.
    """
    named = [pin for pin in pins if pin.kind is ChangeKind.IMAGE and image_name(pin.name) == image]
    now = {f"{pin.name}@{pin.held}" if pin.held else f"{pin.name}:{pin.version or 'latest'}": inventory_of(inside) for pin in named}  # fmt: skip
    return now | _by_digest(image, seen) if named else {}


def _by_digest(name: str, seen: Visible | None) -> dict[str, Inventory]:
    """Return the inventories that are kept of an image, by digest."""
    rows = Sbom.objects.filter(asset__kind=AssetKind.IMAGE.value, asset__key=name, replaced_at=None).exclude(image_digest="")  # fmt: skip
    if seen is not None:
        shown = Q(asset__application=None) | Q(asset__in=seen.assets().values("id"))
        rows = rows.filter(shown, Q(scan=None) | Q(scan__in=seen.scans().values("id")))
    found = {}
    for row in rows.order_by("-id")[:MOST_INVENTORIES]:
        parts = SbomComponent.objects.filter(sbom=row).select_related("component").order_by("id")
        found[f"{name}@{row.image_digest}"] = inventory_of(
            Component(name=one.component.name, version=one.component.version, purl=one.component.purl) for one in parts.iterator()
        )  # fmt: skip
    return found


def only_places(pin: Pin, about: Collection[Complaint]) -> Pin:
    """Return a pin with those of its places alone that somebody complains of."""
    return replace(pin, places=tuple(place for place in pin.places if any(one.is_about(replace(pin, places=(place,))) for one in about)))  # fmt: skip
