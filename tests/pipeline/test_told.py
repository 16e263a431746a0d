"""What findings tell beside severity and flaw."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.kind import KIND_CODES, Kind, Reach, Verification
from seamark.core.severity import Severity
from seamark.pipeline.ingest import told
from seamark.store.models.findings import FindingFlag as F

PACKAGE = KIND_CODES[Kind.DEPENDENCY]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/test_orders.py", True), ("app/spec/orders_spec.rb", True), ("src/__tests__/a.ts", True), ("pkg/orders_test.go", True),
        ("src/test/java/shop/Orders.java", True), ("src/main/java/shop/OrdersTest.java", True), ("Shop.Core/OrdersTests.cs", True),
        ("web/cart.spec.ts", True), ("conftest.py", True),
        ("src/main/java/shop/test/Orders.java", False), ("src/contest.py", False), ("latest/app.py", False), ("services/tester.go", False),
        ("src/Latest.java", False), ("GET http://shop.example/test", False), ("", False),
    ],
)  # fmt: skip
def test_in_tests(path: str, expected: bool) -> None:
    assert told.in_tests(path) is expected


@pytest.mark.parametrize(
    ("kind", "component", "fixed", "expected"),
    [
        (Kind.DEPENDENCY, "a 1.2.3", "1.2.4", "patch"), (Kind.DEPENDENCY, "a 1.2.3", "1.3.0", "minor"), (Kind.DEPENDENCY, "a 1.2.3", "2.0", "major"),
        (Kind.DEPENDENCY, "a 0.2.3", "0.3.0", "major"), (Kind.DEPENDENCY, "a 0.2.3", "0.2.9", "patch"), (Kind.DEPENDENCY, "a 1", "1.0.1", "patch"),
        (Kind.DEPENDENCY, "a v1.2.3", "1.2.4 2.0.1", "patch"), (Kind.DEPENDENCY, "a 1.9.0", "1.2.4 2.0.1", "major"),
        (Kind.DEPENDENCY, "a 1.2.3", "", "none"), (Kind.DEPENDENCY, "a", "1.2.4", ""), (Kind.DEPENDENCY, "a master", "1.2.4", ""), (Kind.DEPENDENCY, "", "", ""),
        (Kind.CONTAINER, "openssl 1:3.0.11-1", "1:3.0.13-1", "patch"), (Kind.HOST, "", "", ""), (Kind.LICENCE, "a 1.0", "", ""),
        (Kind.SECRET, "", "", "rotate"), (Kind.MISCONFIGURATION, "", "", "configuration"), (Kind.CLOUD, "", "", "configuration"),
        (Kind.CODE, "", "", "code"), (Kind.WEB, "", "", "code"), (Kind.RUNTIME, "", "", ""),
    ],
)  # fmt: skip
def test_effort(kind: Kind, component: str, fixed: str, expected: str) -> None:
    assert told.effort_of(KIND_CODES[kind], component, fixed) == expected


def test_the_least_effort() -> None:
    assert told.least_effort(["major", "", "patch", "none"]) == "patch"
    assert told.least_effort(["none"]) == "none"
    assert told.least_effort([""]) == ""


def finding(**more: object) -> Finding:
    return Finding(rule="r", title="t", severity=Severity.HIGH, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("direct", "paths", "expected"),
    [
        (None, (), 0), (True, (("a", "b"),), 1), (False, (), 0), (None, (("a",),), 1), (None, (("a", "b", "c"), ("a", "c")), 2),
        (False, (("c",),), 2), (False, (("a", "b", "c"),), 3),
    ],
)  # fmt: skip
def test_depth(direct: bool | None, paths: tuple[tuple[str, ...], ...], expected: int) -> None:
    assert told.depth_of(finding(component=Component(name="c", direct=direct), dependency_paths=paths)) == expected
    assert told.depth_of(finding(dependency_paths=paths)) == 0


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0, None), (F.UNREACHABLE, Reach.UNREACHABLE), (F.POTENTIAL | F.UNREACHABLE, Reach.POTENTIAL), (F.REACHABLE | F.POTENTIAL, Reach.STATIC),
        (F.RUNTIME | F.REACHABLE | F.UNREACHABLE, Reach.RUNTIME),
    ],
)  # fmt: skip
def test_the_most_alarming_verdict_counts(flags: int, expected: Reach | None) -> None:
    assert told.reach_of(flags) is expected


def test_what_became_of_a_secret() -> None:
    secret = KIND_CODES[Kind.SECRET]
    states = [
        told.secret_state(secret, one)
        for one in (None, Verification.UNVERIFIED, Verification.VERIFIED, Verification.REFUTED)
    ]
    assert states == ["", "", "valid", "revoked"]
    assert told.secret_state(PACKAGE, Verification.VERIFIED) == ""


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, 0), (29, 0), (30, 30), (89, 30), (90, 90), (180, 180), (364, 180), (365, 365), (4000, 365), (-3, 0)],
)
def test_age(days: int, expected: int) -> None:
    today = date(2026, 11, 22)
    opened = datetime.fromordinal(today.toordinal() - days).replace(hour=23, tzinfo=UTC)
    assert told.age_of(opened, today) == expected
