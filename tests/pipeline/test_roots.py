"""The same flaw in a lock file, in images and in pods is one issue at the asset that can fix it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from seamark.core.assets import AssetKind, AssetRef, Relation, RelationKind
from seamark.core.component import Component
from seamark.core.finding import Finding as Read
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation
from seamark.core.report import Item
from seamark.core.severity import Severity
from seamark.pipeline.ingest import Outcome, ingest
from seamark.pipeline.target import Target
from seamark.store import evidence
from seamark.store.models import Fix, Issue
from seamark.store.models.issues import State
from tests.factories import Spoken

pytestmark = pytest.mark.django_db
REPOSITORY = "https://git.example/acme/shop"
LAYER, BASE_LAYER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
_sent = iter(range(1_000_000))


@dataclass
class Related(Spoken):
    relations: list[Relation] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        items = super().items()
        yield next(items)
        yield from self.relations
        yield from items


def send(
    tool: str, *findings: Read, relations: tuple[Relation, ...] = (), application: str = "shop", layers: tuple[str, ...] = (), **where: Any
) -> Outcome:  # fmt: skip
    with evidence.Packed(io.BytesIO(f"{next(_sent)}".encode())) as packed:
        report = packed.store("report.json")
    said = Related(tool, list(findings), {"layers": layers}, relations=list(relations))
    return ingest(said, report, Target(application=application, complete=True, **where))  # type: ignore[arg-type]


def image(name: str) -> AssetRef:
    return AssetRef(AssetKind.IMAGE, name)


def built_from(name: str) -> Relation:
    return Relation(
        kind=RelationKind.BUILT_FROM, source=image(name), target=AssetRef(AssetKind.REPOSITORY, REPOSITORY), origin="label", confidence=0.9
    )  # fmt: skip


def based_on(name: str, base: str) -> Relation:
    return Relation(kind=RelationKind.BASED_ON, source=image(name), target=image(base), origin="label", confidence=0.9)


def lodash(where: str = "", layer: str = "") -> Read:
    location = ImageLocation(image=where, layer=layer) if where else CodeLocation(path="package-lock.json")
    return Read(
        rule="CVE-2020-8203", title="Prototype pollution", severity=Severity.HIGH, kind=Kind.DEPENDENCY, vulnerabilities=("CVE-2020-8203",),
        component=Component(name="lodash", version="4.17.15", purl="pkg:npm/lodash@4.17.15"), location=location, fixed_versions=("4.17.20",),
    )  # fmt: skip


def openssl(where: str, layer: str = "") -> Read:
    return Read(
        rule="CVE-2024-5535", title="Buffer overread", severity=Severity.HIGH, kind=Kind.CONTAINER, vulnerabilities=("CVE-2024-5535",),
        component=Component(name="openssl", version="3.0.11-1", purl="pkg:deb/debian/openssl@3.0.11-1"),
        location=ImageLocation(image=where, layer=layer), fixed_versions=("3.0.14-1",),
    )  # fmt: skip


def live() -> list[Issue]:
    return list(Issue.objects.filter(merged_into=None).select_related("asset", "fix").order_by("id"))


def test_a_lock_file_and_three_images_are_one_issue_at_the_repository() -> None:
    send("Scanner", lodash(), repository=REPOSITORY, ref="main")
    for at in range(3):
        name = f"registry.example/shop-{at}"
        send("Trivy", lodash(f"{name}:1"), relations=(built_from(name),), image=f"{name}:1")
    (issue,) = live()
    assert (issue.asset.kind, issue.findings.count()) == ("repository", 4)
    assert issue.fix is not None
    assert issue.fix.title == "Upgrade lodash to 4.17.20"


def test_the_images_first_and_the_relation_later() -> None:
    name = "registry.example/shop"
    send("Trivy", lodash(f"{name}:1"), image=f"{name}:1")
    send("Scanner", lodash(), repository=REPOSITORY, ref="main")
    assert [issue.asset.kind for issue in live()] == ["image", "repository"]
    Issue.objects.filter(asset__kind="image").update(state=State.CONFIRMED)
    send("Trivy", lodash(f"{name}:1"), relations=(built_from(name),), image=f"{name}:1")
    (issue,) = live()
    assert (issue.asset.kind, issue.state) == ("repository", State.CONFIRMED)


def test_an_image_alone_moves_to_its_repository_with_its_fix() -> None:
    name = "registry.example/shop"
    send("Trivy", lodash(f"{name}:1"), image=f"{name}:1")
    send("Trivy", lodash(f"{name}:1"), relations=(built_from(name),), image=f"{name}:1")
    (issue,) = live()
    assert issue.asset.kind == "repository"
    assert issue.fix is not None
    assert issue.fix.asset_id == issue.asset_id


def test_packages_of_the_system_are_one_issue_and_one_fix_at_the_base_image() -> None:
    for at in range(3):
        name = f"registry.example/shop-{at}"
        send(
            "Trivy", openssl(f"{name}:1"), relations=(based_on(name, "debian:12"), built_from(name)), image=f"{name}:1"
        )
    (issue,) = live()
    assert (issue.asset.kind, issue.asset.key, issue.findings.count()) == ("image", "debian", 3)
    fix = Fix.objects.get()
    assert (fix.kind, fix.title) == ("base_image", "Move to a newer debian")


def test_a_package_in_a_layer_above_the_base_is_the_repository_s() -> None:
    send("Trivy", image="debian:12", layers=(BASE_LAYER,))
    name = "registry.example/shop"
    where = {
        "relations": (based_on(name, "debian:12"), built_from(name)),
        "layers": (BASE_LAYER, LAYER),
        "image": f"{name}:1",
    }
    send("Trivy", openssl(f"{name}:1", LAYER), **where)
    assert live()[0].asset.kind == "repository"


def test_twenty_pods_of_one_image_are_one_issue() -> None:
    name = "registry.example/shop"
    send("Trivy", lodash(f"{name}:1"), relations=(built_from(name),), image=f"{name}:1")
    pods = tuple(
        Relation(
            kind=RelationKind.RUNS,
            source=AssetRef(AssetKind.WORKLOAD, f"shop/Deployment/{at}"),
            target=image(name),
            origin="cluster",
        )
        for at in range(20)
    )
    send("Trivy cluster", *(lodash(f"{name}:1") for _ in pods), relations=pods)
    (issue,) = live()
    assert issue.asset.kind == "repository"
    assert issue.findings.count() == 21


def test_another_application_s_findings_are_not_drawn_in() -> None:
    """A label that names somebody else's repository joins nothing to it."""
    send("Scanner", lodash(), repository=REPOSITORY, ref="main")
    name = "registry.example/other"
    send("Trivy", lodash(f"{name}:1"), relations=(built_from(name),), image=f"{name}:1", application="other")
    assert sorted(issue.application.name for issue in live()) == ["other", "shop"]


def test_a_closed_finding_in_one_image_leaves_the_issue_open() -> None:
    names = [f"registry.example/shop-{at}" for at in range(2)]
    for name in names:
        send("Trivy", lodash(f"{name}:1"), relations=(built_from(name),), image=f"{name}:1")
    send("Trivy", image=f"{names[0]}:1")
    (issue,) = live()
    assert issue.open
    send("Trivy", image=f"{names[1]}:1")
    assert live()[0].state == State.RESOLVED
