"""What reports tell of images: where they are from, which layers they have, which workloads run them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seamark.core.assets import Relation
from seamark.core.location import ImageLocation
from seamark.core.report import Item

from .reading import findings, read, run, sample, text_of

LAYER, SECOND = "sha256:" + "2e" * 32, "sha256:" + "4f" * 32
IMAGE = "registry.example.org/shop/web:1.4.2"


def told(items: list[Item]) -> list[tuple[str, str, str]]:
    return [(one.kind.value, one.source.key, one.target.key) for one in items if isinstance(one, Relation)]


@pytest.mark.parametrize("name", ["grype/image.json", "cyclonedx/inventory-1.5.json"])
def test_labels_of_an_image_are_relations(name: str) -> None:
    items = sample(name)
    assert told(items) == [
        ("built_from", IMAGE, "git.example.org/shop/web"),
        ("based_on", IMAGE, "docker.io/library/debian:12"),
    ]
    assert run(items).commit == "0a1b2c3d"


def test_layers_of_an_image_are_those_that_its_findings_name() -> None:
    items = sample("grype/image.json")
    assert run(items).layers == (LAYER, SECOND)
    places = [one.location for one in findings(items)]
    assert {place.layer for place in places if isinstance(place, ImageLocation)} <= {"", LAYER}
    assert run(sample("trivy/image.json")).layers == (LAYER,)


def test_a_directory_has_neither_layers_nor_origins() -> None:
    for name in ("grype/directory.json", "trivy/filesystem.json", "cyclonedx/vulnerabilities-1.6.json"):
        items = sample(name)
        assert told(items) == []
        assert all(not one.layers for one in items if hasattr(one, "layers"))


def test_a_workload_runs_images_that_are_built_from_repositories() -> None:
    assert told(sample("trivy/cluster.json")) == [
        ("runs", "shop/Deployment/web", IMAGE),
        ("built_from", IMAGE, "git.example.org/shop/web"),
    ]


def test_labels_of_one_container_are_not_those_of_another() -> None:
    report = json.loads(text_of("trivy/cluster.json"))
    row = report["Resources"][0]
    sidecar = "registry.example.org/shop/proxy:2"
    row["Metadata"].append({"RepoTags": [sidecar]})
    row["Results"].append({"Target": f"{sidecar} (alpine 3.20)", "Class": "os-pkgs", "Type": "alpine"})
    assert told(read(report)) == [
        ("runs", "shop/Deployment/web", IMAGE),
        ("built_from", IMAGE, "git.example.org/shop/web"),
        ("runs", "shop/Deployment/web", sidecar),
    ]


def bom(**subject: Any) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {"type": "container", "name": IMAGE, "bom-ref": "image", **subject}},
        "components": [],
    }


def test_trivy_s_bill_of_an_image_names_its_layers_and_labels() -> None:
    properties = [
        {"name": "aquasecurity:trivy:DiffID", "value": LAYER},
        {"name": "aquasecurity:trivy:DiffID", "value": SECOND},
        {
            "name": "aquasecurity:trivy:Labels:org.opencontainers.image.source",
            "value": "https://git.example.org/shop/web",
        },
    ]
    items = read(bom(properties=properties))
    assert run(items).layers == (LAYER, SECOND)
    assert told(items) == [("built_from", IMAGE, "git.example.org/shop/web")]


def test_a_bill_may_link_to_the_repository_but_the_label_is_nearer() -> None:
    link = [
        {"type": "website", "url": "https://shop.example"},
        {"type": "vcs", "url": "https://git.example.org/a/b.git"},
    ]
    assert told(read(bom(externalReferences=link))) == [("built_from", IMAGE, "git.example.org/a/b")]
    label = [
        {"name": "aquasecurity:trivy:Labels:org.opencontainers.image.source", "value": "https://git.example.org/c/d"}
    ]
    assert told(read(bom(externalReferences=link, properties=label))) == [("built_from", IMAGE, "git.example.org/c/d")]
    assert told(read(bom(type="application", externalReferences=link))) == []


def test_the_same_bill_in_xml_says_the_same() -> None:
    text = f"""<?xml version="1.0"?>
    <bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><metadata><component type="container" bom-ref="image">
      <name>{IMAGE}</name>
      <externalReferences><reference type="vcs"><url>https://git.example.org/a/b</url></reference></externalReferences>
      <properties><property name="aquasecurity:trivy:DiffID">{LAYER}</property></properties>
    </component><properties><property name="syft:image:labels:org.opencontainers.image.base.name">debian:12</property></properties>
    </metadata><components/></bom>"""
    items = read(text)
    assert run(items).layers == (LAYER,)
    assert told(items) == [("built_from", IMAGE, "git.example.org/a/b"), ("based_on", IMAGE, "debian:12")]
