"""Drift: each state of a running image, their order, each difference from what git declares, and what becomes a finding."""

from __future__ import annotations

from typing import Any

import pytest

from seamark.analysis.drift.configuration import differences
from seamark.analysis.drift.engine import drift, findings
from seamark.analysis.drift.images import judge
from seamark.analysis.drift.known import Attested, Built, Declared, Image, Listed, Running, Scanned, State, Verdict
from seamark.core.kind import Kind
from seamark.core.location import ResourceLocation
from seamark.core.severity import Severity

A, B, C = ("sha256:" + letter * 64 for letter in "abc")
MAY, JUNE, JULY = "2026-05-01T10:00:00+00:00", "2026-06-01T10:00:00+00:00", "2026-07-01T10:00:00Z"
NAME = "images.shop.example/orders"
KEY = "prod/shop/Deployment/orders"
GOOD = (Attested(A, Verdict.VERIFIED),)


def running(digest: str = A, **facts: Any) -> Running:
    return Running(
        key=KEY,
        name="orders",
        images=({"container": "orders", "name": NAME, "tag": "1.4", "digest": digest},),
        facts=facts,
    )


def judged(image: Image, what: Running | None = None) -> tuple[State, tuple[State, ...]]:
    (one,) = judge(what or running(), {NAME: image})
    assert set(one.reasons) == {state.value for state in one.states}
    return one.state, one.states


def image(**known: Any) -> Image:
    return Image(**{"name": NAME, "scans": (Scanned(A, MAY, 0),), "attestations": GOOD, **known})


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (image(), State.SCANNED),
        (image(scans=(Scanned(A, MAY, 9),)), State.SCANNED),
        (image(scans=()), State.NEVER_SCANNED),
        (image(scans=(Scanned(B, JUNE, 3),)), State.NEVER_SCANNED),
        (image(inventories=(Listed(B, MAY),)), State.SBOM_OF_ANOTHER_BUILD),
        (image(inventories=(Listed(B, MAY), Listed(A, JUNE))), State.SCANNED),
        (image(attestations=()), State.ATTESTATION_MISSING),
        (image(attestations=(Attested(B, Verdict.VERIFIED),)), State.ATTESTATION_MISSING),
        (image(attestations=(Attested(A, Verdict.UNVERIFIED),)), State.SCANNED),
        (image(attestations=(Attested(A, Verdict.INVALID),)), State.ATTESTATION_INVALID),
        (image(attestations=(Attested(A, Verdict.INVALID), Attested(A, Verdict.VERIFIED))), State.SCANNED),
        (image(scans=(Scanned(A, MAY, 4), Scanned(B, JUNE, 0))), State.OLDER_THAN_CLEAN_BUILD),
    ],
)  # fmt: skip
def test_one_state_alone(known: Image, state: State) -> None:
    assert judged(known) == (state, (state,))


def test_all_states_are_told_and_the_first_in_order_is_the_state() -> None:
    known = image(
        scans=(Scanned(B, JUNE, 0),),
        inventories=(Listed(B),),
        attestations=(Attested(A, Verdict.INVALID),),
        builds=(Built(A, MAY), Built(B, JUNE)),
    )
    assert judged(known) == (
        State.ATTESTATION_INVALID, (State.ATTESTATION_INVALID, State.NEVER_SCANNED, State.SBOM_OF_ANOTHER_BUILD, State.OLDER_THAN_CLEAN_BUILD)
    )  # fmt: skip


def test_without_a_digest_nothing_can_be_told() -> None:
    assert judged(image(scans=()), running("")) == (State.DIGEST_UNKNOWN, (State.DIGEST_UNKNOWN,))


def test_an_image_of_which_nothing_is_known() -> None:
    (one,) = judge(running(), {})
    assert (one.state, one.states) == (State.NEVER_SCANNED, (State.NEVER_SCANNED, State.ATTESTATION_MISSING))


@pytest.mark.parametrize(
    ("scans", "builds", "started", "older"),
    [
        ((Scanned(A, MAY, 1), Scanned(B, JUNE, 1)), (), "", False),  # the newer build is not clean
        ((Scanned(A, JUNE, 1), Scanned(B, MAY, 0)), (), "", False),  # the clean build is the older one
        ((Scanned(A, JULY, 1, MAY), Scanned(B, JUNE, 0)), (), "", True),  # it was scanned again since
        ((Scanned(A, JUNE, 1), Scanned(B, JULY, 0)), (Built(A, JULY), Built(B, MAY)), "", False),  # the registry knows better
        ((Scanned(B, JUNE, 0),), (), MAY, True),  # it ran before the clean build was made
        ((Scanned(B, JUNE, 0),), (), "", False),  # nobody knows how old it is
        ((Scanned(A, MAY, 0), Scanned(B, JUNE, 5), Scanned(C, JULY, 0)), (), "", True),
        ((Scanned(A, MAY, 0), Scanned(B, "soon", 0)), (), "", False),
    ],
)  # fmt: skip
def test_older_than_a_clean_build(
    scans: tuple[Scanned, ...], builds: tuple[Built, ...], started: str, *, older: bool
) -> None:
    _, states = judged(image(scans=scans, builds=builds), running(started=started))
    assert (State.OLDER_THAN_CLEAN_BUILD in states) is older


def differ(now: dict[str, Any], says: dict[str, Any], images: Any = None) -> dict[str, tuple[str, str, bool]]:
    what = Running(
        key=KEY, facts=now, images=tuple(images or ({"container": "orders", "name": NAME, "tag": "1.4", "digest": A},)),
        declared=Declared(key="github.com/acme/shop//shop/Deployment/orders", facts=says, at="deploy/orders.yaml:3"),
    )  # fmt: skip
    return {each.field: (each.runs, each.says, each.worse) for each in differences(what)}


def boxes(*entries: tuple[str, str, str]) -> dict[str, Any]:
    return {"images": [{"container": container, "name": name, "tag": tag} for container, name, tag in entries]}


@pytest.mark.parametrize(
    ("now", "says", "told"),
    [
        ({}, boxes(("orders", NAME, "1.4")), {}),
        ({}, boxes(("orders", NAME, "1.5")), {"image of orders": (f"{NAME}:1.4", f"{NAME}:1.5", False)}),
        ({}, {"images": [{"container": "orders", "name": NAME, "digest": A}]}, {}),
        ({}, {"images": [{"container": "orders", "name": NAME, "digest": B}]}, {"image of orders": (f"{NAME}:1.4", f"{NAME}@{B}", False)}),
        ({}, boxes(("web", NAME, "1.4")), {"container orders": (f"{NAME}:1.4", "no such container", False), "container web": ("no such container", f"{NAME}:1.4", False)}),
        ({"replicas": 9}, {"replicas": 2}, {}),
        ({"privileged": True}, {"privileged": False}, {"privileged": ("yes", "no", True)}),
        ({"privileged": False}, {"privileged": True}, {"privileged": ("no", "yes", False)}),
        ({"privileged": True}, {}, {}),
        ({"run_as_root": True, "host_network": True}, {"run_as_root": False, "host_network": False}, {"run-as-root": ("yes", "no", True), "host-network": ("yes", "no", True)}),
        ({"read_only_root": False}, {"read_only_root": True}, {"read-only-root": ("no", "yes", True)}),
        ({"variables": ["A", "B", "KUBERNETES_SERVICE_HOST"]}, {"variables": ["A", "C"]}, {"variables": ("also B; without C", "A, C", False)}),
        ({"variables": ["A"]}, {}, {}),
        ({"ports": [8000, 22]}, {"ports": [8000]}, {"ports": ("also 22", "8000", True)}),
        ({"host_paths": ["/"]}, {"privileged": False}, {"host-paths": ("also /", "none", True)}),
        ({"service_account": "admin"}, {"service_account": "orders"}, {"service-account": ("admin", "orders", False)}),
    ],
)  # fmt: skip
def test_each_difference_is_named(now: dict[str, Any], says: dict[str, Any], told: dict[str, Any]) -> None:
    assert differ(now, says) == told


def test_without_a_tag_latest_is_meant() -> None:
    assert (
        differ(
            {},
            {"images": [{"container": "orders", "name": NAME}]},
            [{"container": "orders", "name": NAME, "tag": "latest", "digest": A}],
        )
        == {}
    )


def test_nothing_is_compared_without_a_declaration() -> None:
    assert differences(Running(key=KEY, facts={"privileged": True})) == []


def test_findings_of_drift() -> None:
    known = {NAME: image(scans=(), own=True, attestations=())}
    what = Running(
        key=KEY, images=running().images, facts={"privileged": True},
        declared=Declared(key="github.com/acme/shop//shop/Deployment/orders", facts={"privileged": False}, at="deploy/orders.yaml:3"),
    )  # fmt: skip
    found = list(
        findings(drift([what], known, idle=[Image(name="images.shop.example/old", scans=(Scanned(B, MAY, 1),))]), known)
    )
    assert [(each.rule, each.severity, each.location) for each in found] == [
        ("drift/never-scanned", Severity.HIGH, ResourceLocation(resource=KEY, type="workload")),
        ("drift/attestation-missing", Severity.LOW, ResourceLocation(resource=KEY, type="workload")),
        ("drift/configuration-privileged", Severity.HIGH, ResourceLocation(resource=KEY, type="workload")),
        ("drift/runs-nowhere", Severity.INFO, ResourceLocation(resource="images.shop.example/old", type="image")),
    ]  # fmt: skip
    assert {each.kind for each in found} == {Kind.MISCONFIGURATION}
    assert A in found[0].description
    assert "deploy/orders.yaml:3" in found[2].description
    assert len({each.fingerprints for each in found if each.rule.startswith("drift/never")}) == 1


def test_what_the_internet_reaches_weighs_more() -> None:
    (found, *_) = findings(drift([running()], {}), {}, exposed=[KEY])
    assert (found.rule, found.severity) == ("drift/never-scanned", Severity.CRITICAL)


def test_others_need_not_attest_their_images() -> None:
    known = {NAME: image(attestations=())}
    assert list(findings(drift([running()], known), known)) == []
    attested = {NAME: image(attestations=(Attested(B, Verdict.VERIFIED),))}
    assert [each.rule for each in findings(drift([running()], attested), attested)] == ["drift/attestation-missing"]


def test_two_unscanned_builds_of_one_image_are_one_finding() -> None:
    entries = tuple({"container": "orders", "name": NAME, "tag": "latest", "digest": digest} for digest in (A, B))
    found = drift([Running(key=KEY, images=entries)], {})
    assert len(found.images) == 2
    assert len(list(findings(found, {}))) == 1
