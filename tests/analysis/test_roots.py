"""Root assets: one change, one place. And no graph, however odd, that makes the search fail or wander."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.correlation.roots import BASE_NOT_KNOWN, LAYER_NOT_TOLD, Edge, Lineage, Root
from seamark.core.assets import AssetKind, RelationKind, image_name
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation, ResourceLocation
from seamark.core.severity import Severity

RUNS, BASED_ON, BUILT_FROM = RelationKind.RUNS, RelationKind.BASED_ON, RelationKind.BUILT_FROM
POD, JOB, SHOP, MAIL, PYTHON, DEBIAN, REPOSITORY, OTHER = range(1, 9)
KINDS = {
    POD: AssetKind.WORKLOAD,
    JOB: AssetKind.WORKLOAD,
    SHOP: AssetKind.IMAGE,
    MAIL: AssetKind.IMAGE,
    PYTHON: AssetKind.IMAGE,
    DEBIAN: AssetKind.IMAGE,
    REPOSITORY: AssetKind.REPOSITORY,
    OTHER: AssetKind.REPOSITORY,
}
NAMES = {SHOP: "registry.example/acme/shop", MAIL: "registry.example/acme/mail", PYTHON: "python", DEBIAN: "debian"}
EDGES = [
    Edge(RUNS, POD, SHOP),
    Edge(BASED_ON, SHOP, PYTHON),
    Edge(BASED_ON, PYTHON, DEBIAN),
    Edge(BUILT_FROM, SHOP, REPOSITORY, 0.9),
]
LAYERS = {
    DEBIAN: {"sha256:d1"},
    PYTHON: {"sha256:d1", "sha256:p1"},
    SHOP: {"sha256:d1", "sha256:p1", "sha256:s1"},
}


def found(purl: str = "", layer: str = "", kind: Kind = Kind.CONTAINER, image: str = "registry.example/acme/shop:1.2") -> Finding:  # fmt: skip
    return Finding(
        rule="CVE-2024-1", title="a flaw", severity=Severity.HIGH, kind=kind,
        component=Component(name="package", version="1", purl=purl), location=ImageLocation(image=image, layer=layer),
    )  # fmt: skip


OPENSSL, REQUESTS = "pkg:deb/debian/openssl@3.0", "pkg:pypi/requests@2.31.0"


def root(asset: int, finding: Finding, *more: Edge, layers: dict[int, set[str]] | None = None) -> Root:
    return Lineage([*EDGES, *more], KINDS, LAYERS if layers is None else layers, NAMES).root_of(asset, finding)


@pytest.mark.parametrize(
    ("purl", "layer", "path"),
    [
        (OPENSSL, "sha256:d1", (SHOP, PYTHON, DEBIAN)),
        (OPENSSL, "sha256:p1", (SHOP, PYTHON)),
        (OPENSSL, "sha256:s1", (SHOP, REPOSITORY)),
        (OPENSSL, "", (SHOP, PYTHON, DEBIAN)),
        ("pkg:rpm/redhat/openssl@3.0", "sha256:d1", (SHOP, PYTHON, DEBIAN)),
        ("pkg:apk/alpine/musl@1.2", "sha256:d1", (SHOP, PYTHON, DEBIAN)),
        ("", "sha256:d1", (SHOP, PYTHON, DEBIAN)),
        (REQUESTS, "", (SHOP, REPOSITORY)),
        (REQUESTS, "sha256:s1", (SHOP, REPOSITORY)),
        ("pkg:pypi/pip@23.0", "sha256:p1", (SHOP, PYTHON)),
        ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "", (SHOP, REPOSITORY)),
        ("pkg:golang/golang.org/x/net@0.1.0", "", (SHOP, REPOSITORY)),
    ],
)
def test_a_package_of_an_image_belongs_to_who_put_it_there(purl: str, layer: str, path: tuple[int, ...]) -> None:
    kind = Kind.DEPENDENCY if purl and not purl.startswith(("pkg:deb", "pkg:rpm", "pkg:apk")) else Kind.CONTAINER
    one = root(SHOP, found(purl, layer, kind))
    assert (one.asset, one.path) == (path[-1], path)


def test_a_pod_is_its_image() -> None:
    assert root(POD, found(OPENSSL, "sha256:d1")).path == (POD, SHOP, PYTHON, DEBIAN)
    assert root(POD, found(REQUESTS, kind=Kind.DEPENDENCY)).path == (POD, SHOP, REPOSITORY)


def test_of_a_pod_with_several_images_the_place_names_the_one() -> None:
    sidecar = Edge(RUNS, POD, MAIL)
    assert root(POD, found(REQUESTS, kind=Kind.DEPENDENCY), sidecar).asset == REPOSITORY
    mail = found(REQUESTS, kind=Kind.DEPENDENCY, image="registry.example/acme/mail:7@sha256:" + "0" * 64)
    assert root(POD, mail, sidecar).path == (POD, MAIL)
    without_place = Finding(
        rule="CVE-2024-1", title="a flaw", severity=Severity.LOW, kind=Kind.DEPENDENCY,
        component=Component(name="requests", purl=REQUESTS), location=ResourceLocation(resource="shop/Pod/web"),
    )  # fmt: skip
    told = root(POD, without_place, sidecar)
    assert (told.asset, told.reason) == (POD, "the workload runs several images")
    assert root(POD, without_place).asset == REPOSITORY


def test_what_was_found_in_the_repository_stays_there() -> None:
    lock = Finding(
        rule="CVE-2024-1", title="a flaw", severity=Severity.HIGH, kind=Kind.DEPENDENCY,
        component=Component(name="requests", purl=REQUESTS), location=CodeLocation(path="requirements.txt"),
    )  # fmt: skip
    assert root(REPOSITORY, lock).path == (REPOSITORY,)


@pytest.mark.parametrize(
    "finding",
    [
        Finding(rule="DS002", title="runs as root", severity=Severity.HIGH, kind=Kind.MISCONFIGURATION, location=ImageLocation(image="registry.example/acme/shop")),
        Finding(rule="key", title="a key", severity=Severity.HIGH, kind=Kind.SECRET, location=ImageLocation(image="registry.example/acme/shop", layer="sha256:d1")),
        Finding(rule="MIT", title="a licence", severity=Severity.LOW, kind=Kind.LICENCE, component=Component(name="musl"), location=ImageLocation(image="registry.example/acme/shop")),
    ],
)  # fmt: skip
def test_what_is_about_no_known_package_stays_at_the_image(finding: Finding) -> None:
    assert root(SHOP, finding).path == (SHOP,)
    assert root(POD, finding).path == (POD, SHOP)


def test_what_is_about_the_workload_stays_there() -> None:
    setting = Finding(
        rule="KSV001", title="may gain rights", severity=Severity.LOW, kind=Kind.MISCONFIGURATION,
        location=ResourceLocation(resource="shop/Deployment/web"),
    )  # fmt: skip
    alert = Finding(
        rule="Terminal shell", title="a shell", severity=Severity.LOW, kind=Kind.RUNTIME,
        location=ImageLocation(image="registry.example/acme/shop"),
    )  # fmt: skip
    assert root(POD, setting).asset == root(POD, alert).asset == POD


def test_an_image_from_several_repositories_keeps_its_libraries() -> None:
    one = root(SHOP, found(REQUESTS, kind=Kind.DEPENDENCY), Edge(BUILT_FROM, SHOP, OTHER))
    assert (one.asset, one.reason) == (SHOP, "the image is built from several repositories")


def test_of_two_bases_the_one_that_has_the_layer_is_taken() -> None:
    second = Edge(BASED_ON, SHOP, MAIL)
    layers = {**LAYERS, MAIL: {"sha256:m1"}}
    assert root(SHOP, found(OPENSSL, "sha256:d1"), second, layers=layers).asset == DEBIAN
    assert root(SHOP, found(OPENSSL), second, layers=layers).path == (SHOP,)
    both = {**layers, MAIL: {"sha256:m1", "sha256:p1"}}
    assert root(SHOP, found(OPENSSL, "sha256:p1"), second, layers=both).path == (SHOP,)


def test_a_base_that_is_named_twice_over_is_one_way() -> None:
    assert root(SHOP, found(OPENSSL, "sha256:d1"), Edge(BASED_ON, SHOP, DEBIAN)).asset == DEBIAN
    assert root(SHOP, found(OPENSSL), Edge(BASED_ON, SHOP, DEBIAN)).asset == DEBIAN


def test_how_sure_it_is_is_said() -> None:
    assert root(SHOP, found(OPENSSL, "sha256:d1")).confidence == 1.0
    assert root(SHOP, found(OPENSSL)).confidence == LAYER_NOT_TOLD
    assert root(SHOP, found(OPENSSL, "sha256:s1"), layers={}).confidence == BASE_NOT_KNOWN
    assert root(SHOP, found(REQUESTS, kind=Kind.DEPENDENCY)).confidence == 0.9


def test_a_base_of_another_build_is_not_taken_for_known() -> None:
    rebuilt = {SHOP: {"sha256:d0", "sha256:s0"}, PYTHON: {"sha256:d1", "sha256:p1"}, DEBIAN: {"sha256:d1"}}
    one = root(SHOP, found(OPENSSL, "sha256:d0"), layers=rebuilt)
    assert one.asset == DEBIAN
    assert one.confidence == BASE_NOT_KNOWN


def test_a_digest_of_another_sort_than_the_listed_layers_tells_nothing() -> None:
    assert root(SHOP, found(OPENSSL, "sha256:compressed")).asset == DEBIAN


def test_a_layer_above_a_company_s_base_image_is_fixed_in_that_image_s_repository() -> None:
    assert root(SHOP, found(OPENSSL, "sha256:p1"), Edge(BUILT_FROM, PYTHON, OTHER)).path == (SHOP, PYTHON, OTHER)


@pytest.mark.parametrize("confidence", [0.0, 0.5, 0.79])
def test_an_unsure_relation_moves_nothing(confidence: float) -> None:
    lineage = Lineage([edge._replace(confidence=confidence) for edge in EDGES], KINDS, LAYERS, NAMES)
    assert lineage.root_of(SHOP, found(REQUESTS, kind=Kind.DEPENDENCY)).path == (SHOP,)
    assert lineage.root_of(POD, found(OPENSSL, "sha256:d1")).path == (POD,)


def test_a_circle_is_no_way() -> None:
    circle = [Edge(BASED_ON, DEBIAN, PYTHON)]
    assert root(PYTHON, found(OPENSSL), *circle).asset == PYTHON
    assert root(SHOP, found(OPENSSL), *circle).path == (SHOP, PYTHON)
    assert root(SHOP, found(OPENSSL), Edge(BASED_ON, PYTHON, SHOP), *circle).path == (SHOP, PYTHON)


def test_without_relations_everything_stays() -> None:
    lineage = Lineage([], KINDS)
    assert not lineage
    assert Lineage(EDGES, KINDS)
    assert all(lineage.root_of(asset, found(OPENSSL)).path == (asset,) for asset in [*KINDS, 99])


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("alpine", "alpine"),
        ("docker.io/library/alpine:3.20", "alpine"),
        ("docker.io/acme/shop:1", "acme/shop"),
        ("localhost:5000/shop", "localhost:5000/shop"),
        ("localhost:5000/shop:2@sha256:" + "a" * 64, "localhost:5000/shop"),
        ("  registry.example/a/b:1 ", "registry.example/a/b"),
        ("", ""),
    ],
)
def test_an_image_is_named_without_tag_and_digest(reference: str, name: str) -> None:
    assert image_name(reference) == name


assets = st.integers(1, 9)
edges = st.builds(
    Edge, st.sampled_from([RUNS, BASED_ON, BUILT_FROM, RelationKind.OWNS]), assets, assets, st.sampled_from([0.5, 0.8, 1.0])
)  # fmt: skip
layer = st.sampled_from(["", "a", "b", "c", "d"])
findings = st.builds(
    found, st.sampled_from([OPENSSL, REQUESTS, ""]), layer, st.sampled_from([Kind.CONTAINER, Kind.DEPENDENCY, Kind.SECRET])
)  # fmt: skip
graphs = st.tuples(
    st.lists(edges, max_size=25),
    st.dictionaries(assets, st.sampled_from([AssetKind.WORKLOAD, AssetKind.IMAGE, AssetKind.REPOSITORY])),
    st.dictionaries(assets, st.frozensets(layer)),
)


@given(graphs, assets, findings, st.randoms(use_true_random=False))
def test_any_graph_has_roots_that_are_their_own_whatever_the_order(
    graph: tuple[list[Edge], dict[int, AssetKind], dict[int, frozenset[str]]], asset: int, finding: Finding, dice: random.Random
) -> None:  # fmt: skip
    known, kinds, layers = graph
    one = Lineage(known, kinds, layers).root_of(asset, finding)
    assert one.path[0] == asset
    assert one.path[-1] == one.asset
    assert len(set(one.path)) == len(one.path)
    assert 0.8 <= one.confidence <= 1
    shuffled = dice.sample(known, len(known))
    assert Lineage(shuffled, kinds, layers).root_of(asset, finding) == one
    assert Lineage(known, kinds, layers).root_of(one.asset, finding).asset == one.asset
