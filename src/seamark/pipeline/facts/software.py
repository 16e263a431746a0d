"""Components, builds and what runs, as facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from seamark.analysis.drift.known import Image, Verdict
from seamark.core.assets import AssetKind, RelationKind
from seamark.governance.policy.facts import Attestation, Build, Component, Deployment, Facts, Issue
from seamark.governance.policy.licences import licence_class
from seamark.pipeline.declared import truth
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.issues import Told
from seamark.pipeline.runtime.images import known_images
from seamark.store import models

_MOST: Final = 100_000
_MOST_ISSUES: Final = 500
_ASIDE: Final = frozenset({"development", "dev", "test", "excluded", "optional"})
_SCOPED: Final = frozenset({"required", "runtime", "compile", "production"})


def component_facts(around: Around) -> Iterator[Facts]:
    """Yield the components of the inventories that hold now, once an asset."""
    rows = models.SbomComponent.objects.filter(
        sbom__replaced_at=None, sbom__asset__in=around.rows().values("id")
    ).order_by("id")
    told = rows.values_list(
        "sbom__asset", "scope", "direct", "licences", "component__purl", "component__name", "component__version"
    )
    found = list(told[:_MOST])
    around.load({row[0] for row in found})
    seen: set[tuple[int, str]] = set()
    for asset, scope, direct, licences, purl, name, version in found:
        if (asset, purl) in seen:
            continue
        seen.add((asset, purl))
        stated = tuple(str(one) for one in licences) if isinstance(licences, list) else ()
        word = scope.lower()
        component = Component(
            ref=purl, purl=purl, name=name, version=version or None, ecosystem=purl.removeprefix("pkg:").partition("/")[0] or None,
            licences=stated or None, licence_class=licence_class(stated), direct=direct, scope=scope or None,
            shipped=False if word in _ASIDE else True if word in _SCOPED else None,
        )  # fmt: skip
        yield Facts(component=component, asset=around.asset(asset), application=around.application_of(asset))


def _workloads(around: Around) -> list[tuple[int, str, str, dict[str, Any]]]:
    """Return what runs: number, key, environment and attributes. A declaration in a repository is none."""
    rows = around.rows().filter(kind=AssetKind.WORKLOAD.value).exclude(key__contains="//").order_by("id")
    return [
        (number, key, environment, told if isinstance(told, dict) else {})
        for number, key, environment, told in rows.values_list("id", "key", "environment", "attributes")[:_MOST]
    ]


def _images(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Return name and digest of the images that a workload's attributes name."""
    listed = told.get("images")
    rows = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)]
    return [(str(one["name"]), str(one.get("digest") or "")) for one in rows if one.get("name")]


def deployment_facts(around: Around, issues: Iterable[Told]) -> Iterator[Facts]:
    """Yield each image that runs in each workload, with the open issues of the image and of what it is built from."""
    workloads = _workloads(around)
    around.load({number for number, _, _, _ in workloads})
    numbers = [number for number, _, _, _ in workloads]
    declared: set[int] = set()
    for at in range(0, len(numbers), 5_000):
        edges = models.Relation.objects.filter(
            kind=RelationKind.DECLARED_IN.value, until=None, source__in=numbers[at : at + 5_000]
        )
        declared.update(edges.values_list("source", flat=True))
    mine = _by_image(issues)
    for number, key, environment, told in workloads:
        asset = around.asset(number)
        parts = key.split("/")
        for name, digest in _images(told):
            yield Facts(
                deployment=Deployment(
                    ref=f"{key} {name}", workload=asset.name if asset is not None else key, cluster=parts[0] if len(parts) > 3 else None,
                    namespace=parts[-3] if len(parts) > 2 else None, environment=environment or None, image=name, digest=digest or None,
                    exposure=asset.exposure if asset is not None else None, privileged=truth(told.get("privileged")),
                    runs_as_root=truth(told.get("run_as_root")), host_network=truth(told.get("host_network")), declared=number in declared,
                    issues=tuple(mine.get(name, ())[:_MOST_ISSUES]),
                ),
                asset=asset, application=around.application_of(number),
            )  # fmt: skip


def _by_image(issues: Iterable[Told]) -> dict[str, list[Issue]]:
    """Return the issues of images, and of what they are built from, by the image's name."""
    by_asset: dict[int, list[Issue]] = defaultdict(list)
    for one in issues:
        if one.facts.issue is not None:
            by_asset[one.row.asset].append(one.facts.issue)
    found: dict[str, list[Issue]] = defaultdict(list)
    images = models.Asset.objects.filter(kind=AssetKind.IMAGE.value, gone_at=None)
    for number, key in images.filter(pk__in=list(by_asset)).values_list("id", "key"):
        found[key] += by_asset[number]
    edges = models.Relation.objects.filter(kind=RelationKind.BUILT_FROM.value, until=None, target__in=list(by_asset))
    for key, target in edges.values_list("source__key", "target").order_by("id"):
        found[key] += by_asset[target]
    return found


def build_facts(around: Around, now: datetime) -> Iterator[Facts]:
    """Yield each build of an image that is known by its digest: scanned, listed, attested, or running."""
    running: dict[str, set[str]] = defaultdict(set)
    for _, _, _, told in _workloads(around):
        for name, digest in _images(told):
            if digest:
                running[name].add(digest)
    rows = around.rows().filter(kind=AssetKind.IMAGE.value).order_by("id")
    assets = {asset.key: asset for asset in rows[:_MOST]}
    around.load(asset.pk for asset in assets.values())
    for name, image in known_images(assets, running).items():
        number = assets[name].pk
        for build in _builds(image, running.get(name, ()), now):
            yield Facts(build=build, asset=around.asset(number), application=around.application_of(number))


def _builds(image: Image, running: Iterable[str], now: datetime) -> list[Build]:
    scanned = {one.digest for one in image.scans}
    listed = {one.digest for one in image.inventories}
    made = {one.digest: one.at for one in image.builds}
    attested: dict[str, list[Verdict]] = defaultdict(list)
    for one in image.attestations:
        attested[one.digest].append(one.verdict)
    return [
        Build(
            ref=f"{image.name}@{digest}", image=image.name, digest=digest, age_days=_age(made.get(digest, ""), now), scanned=digest in scanned,
            sbom=digest in listed, attestation=_worth(attested.get(digest, ())), own=image.own,
        )
        for digest in sorted((scanned | listed | set(made) | set(attested) | set(running)) - {""})
    ]  # fmt: skip


def _worth(verdicts: Sequence[Verdict]) -> Attestation:
    """Return what attestations come to: one that is invalid spoils the others, one that was verified makes up for those that nobody tried."""
    for verdict, word in (
        (Verdict.INVALID, "invalid"),
        (Verdict.VERIFIED, "verified"),
        (Verdict.UNVERIFIED, "unverified"),
    ):
        if verdict in verdicts:
            return word  # type: ignore[return-value]
    return "missing"


def _age(at: str, now: datetime) -> int | None:
    try:
        made = datetime.fromisoformat(at)
    except ValueError:
        return None
    return max((now - made).days, 0) if made.tzinfo is not None else None
