"""Labels of images: an address or nothing, and never what somebody wrote into it to log in."""

from __future__ import annotations

import pytest

from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.intake.parsers.kit.images import LABELLED, layers, origins, repository_address, revision

SOURCE, BASE = "org.opencontainers.image.source", "org.opencontainers.image.base.name"


@pytest.mark.parametrize(
    ("label", "address"),
    [
        ("https://github.com/acme/shop", "github.com/acme/shop"),
        ("https://github.com/acme/shop.git#main:docker", "github.com/acme/shop"),
        ("git+https://github.com/acme/shop.git", "github.com/acme/shop"),
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("ssh://git@github.com/acme/shop.git", "github.com/acme/shop"),
        ("github.com/acme/shop", "github.com/acme/shop"),
        ("https://robot:hunter2@git.example/acme/shop", "git.example/acme/shop"),
        ("https://github.com/acme/shop/tree/main/images/web", "github.com/acme/shop"),
        ("https://git.example/group/sub/shop/-/blob/main/Dockerfile", "git.example/group/sub/shop"),
        ("https://git.example/group/tree", "git.example/group/tree"),
        (" https://github.com/acme/shop/ ", "github.com/acme/shop"),
        ("", ""),
        ("https://github.com", ""),
        ("https://[", ""),
        ("our monorepo", ""),
        ("$CI_PROJECT_URL", ""),
        ("shop", ""),
        ("#", ""),
    ],
)
def test_a_label_is_an_address_or_nothing(label: str, address: str) -> None:
    assert repository_address(label) == address


def test_labels_say_where_an_image_is_from() -> None:
    built, based = origins("acme/shop:1", {SOURCE: "https://git.example/acme/shop", BASE: "debian:12"})
    assert (built.kind, built.target) == (
        RelationKind.BUILT_FROM,
        AssetRef(AssetKind.REPOSITORY, "git.example/acme/shop"),
    )
    assert (based.kind, based.target) == (RelationKind.BASED_ON, AssetRef(AssetKind.IMAGE, "debian:12"))
    assert {built.source, based.source} == {AssetRef(AssetKind.IMAGE, "acme/shop:1")}
    assert {built.confidence, based.confidence} == {LABELLED}
    assert (built.origin, based.origin) == (SOURCE, BASE)


def test_the_older_label_counts_where_the_newer_is_missing_or_says_nothing() -> None:
    older = {"org.label-schema.vcs-url": "https://git.example/acme/shop", "org.label-schema.vcs-ref": "0a1b2c"}
    assert [one.origin for one in origins("shop", older)] == ["org.label-schema.vcs-url"]
    assert [one.origin for one in origins("shop", {**older, SOURCE: "n/a"})] == ["org.label-schema.vcs-url"]
    assert [one.origin for one in origins("shop", {**older, SOURCE: "https://git.example/a/b"})] == [SOURCE]
    assert revision(older) == "0a1b2c"
    assert revision({}) == ""


def test_an_image_without_a_name_or_labels_says_nothing() -> None:
    assert list(origins("", {SOURCE: "https://git.example/acme/shop"})) == []
    assert list(origins("shop", {})) == []


def test_layers_are_bounded() -> None:
    assert layers(["a", "", "b"]) == ("a", "b")
    assert layers(None) == ()
    assert len(layers([str(at) for at in range(9000)])) == 500
