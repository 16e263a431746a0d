"""The change that clears a finding, the version to move to, and the plan for many issues."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.correlation.fixes import (
    KINDS,
    MOST_KEY,
    MOST_TITLE,
    FixKey,
    Planned,
    Target,
    fix_of,
    group,
    image_name,
    target_of,
)
from seamark.analysis.correlation.versions import version_key
from seamark.core.component import Component
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, Location, ResourceLocation, WebLocation
from seamark.core.severity import Severity


def found(kind: Kind | None, location: Location | None = None, purl: str = "", **more: Any) -> Finding:
    """Make a finding; a purl such as `pkg:npm/lodash@4.17.15` makes it one about a package."""
    component = None
    if purl:
        name, _, version = purl.rpartition("@")
        component = Component(name=name.rpartition("/")[2], version=version, purl=purl)
    values = {"rule": "rule", "title": "A title", "severity": Severity.HIGH, "component": component, **more}
    return Finding(kind=kind, location=location, **values)


def code(path: str = "app/orders.py", scope: str = "", line: int | None = 7) -> CodeLocation:
    return CodeLocation(path=path, line=line, scope=scope)


IMAGE = ImageLocation(image="registry.example/shop:1.4", path="/var/lib/dpkg/status")


class TestPackages:
    def test_one_upgrade_for_all_flaws_and_versions_of_a_package(self) -> None:
        expected = FixKey("upgrade", "npm/lodash", "Upgrade lodash", "lodash")
        for version, rule in (("4.17.15", "CVE-2020-8203"), ("3.1.0", "CVE-2019-10744")):
            assert fix_of(found(Kind.DEPENDENCY, code(), f"pkg:npm/lodash@{version}", rule=rule)) == expected

    def test_a_package_without_its_address_goes_by_its_name(self) -> None:
        finding = found(Kind.DEPENDENCY, component=Component(name="OpenSSL", version="1.0"))
        assert fix_of(finding) == FixKey("upgrade", "openssl", "Upgrade OpenSSL", "OpenSSL")

    @pytest.mark.parametrize(
        "purl", ["pkg:deb/debian/openssl@1.1.1n", "pkg:apk/alpine/zlib@1.2", "pkg:rpm/redhat/glibc@2.34"]
    )
    def test_packages_of_the_system_go_with_the_base_image(self, purl: str) -> None:
        finding = found(Kind.CONTAINER, IMAGE, purl)
        expected = FixKey("base_image", "debian", "Move to a newer debian", "debian")
        assert fix_of(finding, base_image="docker.io/library/debian:11@sha256:ab") == expected
        assert (fix_of(finding) or expected).kind == "upgrade"

    def test_what_the_base_image_does_not_bring(self) -> None:
        library = found(Kind.CONTAINER, IMAGE, "pkg:pypi/requests@2.31.0")
        host = found(Kind.HOST, HostLocation(host="web1"), "pkg:deb/debian/openssl@1.1.1n")
        for finding in (library, host):
            fix = fix_of(finding, base_image="debian:11")
            assert fix is not None
            assert fix.kind == "upgrade"

    def test_a_licence_is_not_cleared_by_a_newer_version(self) -> None:
        finding = found(Kind.LICENCE, code("package-lock.json"), "pkg:npm/ghost@1.0.0")
        assert fix_of(finding) == FixKey("replace", "npm/ghost", "Replace ghost or clear its licence", "ghost")


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("python:3.11-slim", "python"),
        ("docker.io/library/python:3.11", "python"),
        ("registry.example:5000/base/java", "registry.example:5000/base/java"),
        ("registry.example:5000/base/java:17@sha256:0a", "registry.example:5000/base/java"),
        ("index.docker.io/bitnami/redis", "bitnami/redis"),
    ],
)
def test_names_of_images(reference: str, name: str) -> None:
    assert image_name(reference) == name


class TestSecrets:
    def test_one_for_each_secret_wherever_it_lies(self) -> None:
        fixes = [
            fix_of(found(Kind.SECRET, code(path, line=line), rule="aws-access-token", secret_digest="5f2a"))
            for path, line in (("deploy/ci.env", 4), ("deploy/ci.env", 9), ("src/key.py", 1))
        ]
        assert {fix.key for fix in fixes if fix} == {"5f2a"}
        assert fixes[0] == FixKey("rotate", "5f2a", "Rotate the aws access token in deploy/ci.env", "aws access token")

    def test_without_its_hash_a_secret_is_its_line(self) -> None:
        keys = [fix_of(found(Kind.SECRET, place)) for place in (code(line=3), code(line=4), code(line=None), IMAGE)]
        assert [fix.key for fix in keys if fix] == ["app/orders.py:3", "app/orders.py:4", "app/orders.py", IMAGE.path]
        assert fix_of(found(Kind.SECRET)) is None

    @pytest.mark.parametrize(
        ("rule", "title", "what"),
        [
            ("github-pat", "", "github pat"),
            ("generic.secrets.detected-slack-webhook", "", "slack webhook"),
            ("aws-access-token", "AWS Access Key ID", "AWS Access Key ID"),
            ("AWS", "", "AWS secret"),
            ("b64", "A very long sentence of a tool that says much more than what sort of thing it is", "b64 secret"),
            ("k", "Detected hardcoded password.", "password"),
        ],
    )
    def test_it_is_named_after_the_rule(self, rule: str, title: str, what: str) -> None:
        fix = fix_of(found(Kind.SECRET, code(), rule=rule, title="hunter2 found"), about=Rule(id=rule, title=title))
        assert fix is not None
        assert fix.title == f"Rotate the {what} in app/orders.py"

    def test_nothing_of_the_secret_gets_into_the_fix(self) -> None:
        place = WebLocation(url="https://shop.example/api?token=hunter2", method="GET", parameter="token")
        finding = found(Kind.SECRET, place, title="Token hunter2 in an address", description="hunter2", secret="hun…")
        assert "hun" not in "".join(fix_of(finding) or ())


class TestSettings:
    def test_one_for_each_resource(self) -> None:
        bucket = code("terraform/s3.tf", "aws_s3_bucket.invoices")
        title = "Correct aws_s3_bucket.invoices in terraform/s3.tf"
        for rule in ("CKV_AWS_19", "CKV_AWS_20"):
            fix = fix_of(found(Kind.MISCONFIGURATION, bucket, rule=rule))
            assert fix == FixKey(
                "configuration", "terraform/s3.tf::aws_s3_bucket.invoices", title, "aws_s3_bucket.invoices"
            )

    @pytest.mark.parametrize("kind", [Kind.CLOUD, Kind.MISCONFIGURATION])
    def test_a_resource_of_a_cloud_or_cluster(self, kind: Kind) -> None:
        fix = fix_of(found(kind, ResourceLocation(resource="prod/Deployment/web")))
        assert fix == FixKey(
            "configuration", "prod/Deployment/web", "Correct prod/Deployment/web", "prod/Deployment/web"
        )

    def test_else_the_file_or_what_there_is(self) -> None:
        for place, key in (
            (code("Dockerfile"), "Dockerfile"),
            (ImageLocation(image="shop:1"), "shop"),
            (HostLocation(host="web1"), "web1"),
        ):
            assert fix_of(found(Kind.MISCONFIGURATION, place)) == FixKey("configuration", key, f"Correct {key}", key)

    def test_what_has_none(self) -> None:
        for place in (None, ResourceLocation(resource=""), WebLocation(url="https://shop.example/")):
            assert fix_of(found(Kind.MISCONFIGURATION, place)) is None


class TestCode:
    @pytest.mark.parametrize("kind", [Kind.CODE, Kind.WEB, Kind.PENTEST, None])
    def test_one_for_each_function(self, kind: Kind | None) -> None:
        fix = fix_of(found(kind, code(scope="Orders.search")))
        expected = ("code", "app/orders.py::Orders.search", "Change Orders.search in app/orders.py", "Orders.search")
        assert fix == FixKey(*expected)

    def test_what_has_none(self) -> None:
        web = WebLocation(url="https://shop.example/search", method="GET", parameter="q")
        for kind, place in (
            (Kind.CODE, code()),
            (Kind.CODE, None),
            (Kind.WEB, web),
            (Kind.PENTEST, web),
            (Kind.RUNTIME, code(scope="Orders.search")),
            (Kind.RUNTIME, ResourceLocation(resource="pod")),
            (Kind.HOST, HostLocation(host="web1", port=443)),
            (Kind.DEPENDENCY, code("package-lock.json")),
        ):
            assert fix_of(found(kind, place)) is None


def test_every_kind_has_its_words() -> None:
    findings = (
        found(Kind.DEPENDENCY, code(), "pkg:npm/a@1"), found(Kind.LICENCE, code(), "pkg:npm/a@1"), found(Kind.SECRET, code()),
        found(Kind.CLOUD, ResourceLocation(resource="r")), found(Kind.CODE, code(scope="f")),
    )  # fmt: skip
    fixes = [
        *(fix_of(one) for one in findings),
        fix_of(found(Kind.CONTAINER, IMAGE, "pkg:deb/debian/a@1"), base_image="b"),
    ]
    assert {fix.kind for fix in fixes if fix} == set(KINDS)


@given(path=st.text(max_size=2_000), scope=st.text(min_size=1, max_size=2_000))
def test_whatever_a_report_says_fits_a_row(path: str, scope: str) -> None:
    for kind in (Kind.CODE, Kind.MISCONFIGURATION, Kind.SECRET):
        fix = fix_of(found(kind, code(path, scope, line=None)))
        if fix is None:
            assert kind is Kind.SECRET
            assert not path
            continue
        assert fix.kind
        assert fix.key
        assert fix.key.isprintable()
        assert fix.title.isprintable()
        assert len(fix.key) <= MOST_KEY
        assert max(len(fix.title), len(fix.name)) <= MOST_TITLE


def test_long_keys_stay_apart() -> None:
    keys = [fix_of(found(Kind.CODE, code(scope="a" * 3_000 + end))) for end in ("x", "y")]
    assert keys[0] is not None
    assert keys[1] is not None
    assert keys[0].key != keys[1].key


class TestTarget:
    @pytest.mark.parametrize(
        ("fixed", "current", "version", "partial"),
        [
            ([], [], "", False),
            ([[]], ["1.0"], "", False),
            ([[""], [" "]], [], "", False),
            ([["2.15.0"], ["2.16.0"]], ["2.14.1"], "2.16.0", False),
            ([["2.15.0"], []], ["2.14.1"], "2.15.0", True),
            # the least of the line in use, where that clears all
            ([["1.2.5", "2.0.3"], ["1.2.7", "2.0.1"]], ["1.2.0"], "1.2.7", False),
            ([["1.2.5", "2.0.3"], ["1.2.7", "2.0.1"]], ["2.0.0"], "2.0.3", False),
            # one is fixed in the next line only: there the other is not fixed before 2.0.3
            ([["1.2.5", "2.0.3"], ["2.0.1"]], ["1.2.0"], "2.0.3", False),
            ([["2.3.1", "2.12.2", "2.15.0"], ["2.13.1"]], ["2.12.0"], "2.15.0", False),
            # what lies between two lines is known to be in neither
            ([["1.2.5", "3.0.1"], ["2.5"]], ["1.0"], "3.0.1", False),
            ([["2.0", "2.1.3"], ["2.0.5"]], ["1.9"], "2.0.5", False),
            ([["1.2rc1", "1.2"]], ["1.1"], "1.2rc1", False),
            # no version is named that is no downgrade: the highest
            ([["1.2.5"], ["1.2.7"]], ["3.0"], "1.2.7", False),
            ([["1.1.1n-0+deb11u3"], ["1.1.1n-0+deb11u5"]], ["1.1.1n-0+deb11u1"], "1.1.1n-0+deb11u5", False),
        ],
    )  # fmt: skip
    def test_table(self, fixed: list[list[str]], current: list[str], version: str, partial: bool) -> None:
        assert target_of(fixed, current) == Target(version, partial)

    def test_two_ways_to_write_one_version(self) -> None:
        assert target_of([["v1.2"], ["1.2.0"]], ["1.0"]).version in {"v1.2", "1.2.0"}
        assert target_of([["v1.2"], ["1.2.0"]]) == target_of([["1.2.0"], ["v1.2"]])


VERSIONS = st.builds(
    ".".join, st.lists(st.integers(0, 4).map(str), min_size=1, max_size=3)
) | st.sampled_from(["1.0rc1", "2.0-beta", "1:0.1", "v1.2", "1.1+deb11u1", "1.1+deb11u2"])  # fmt: skip
ISSUES = st.lists(st.lists(VERSIONS, max_size=4), max_size=6)


def is_cleared(version: str, fixed: list[str]) -> bool:
    """Tell whether a version clears an issue, by going through its fixed versions one by one."""
    key = version_key(version)
    lines = sorted({version_key(one) for one in fixed})
    if key >= lines[-1]:
        return True
    for lower, upper in pairwise(lines):
        if lower <= key < upper:
            at = next(number for number in range(len(upper)) if lower[number] != upper[number])
            here = key[at] if key[at] != (0, 0, "") else (1, 0, "")
            return key[:at] == lower[:at] and here <= max(lower[at], (1, 0, ""))
    return False


@given(fixed=ISSUES, current=st.lists(VERSIONS, max_size=3))
def test_the_target_clears_all_and_nothing_lower_does(fixed: list[list[str]], current: list[str]) -> None:
    target = target_of(fixed, current)
    fixable = [one for one in fixed if one]
    assert bool(target.version) == bool(fixable)
    assert target.partial == (bool(fixable) and len(fixable) < len(fixed))
    if not fixable:
        return
    named = {version for one in fixable for version in one}
    assert target.version in named
    floor = max((version_key(one) for one in current), default=())
    above = [one for one in named if version_key(one) >= floor and all(is_cleared(one, issue) for issue in fixable)]
    if above:
        assert version_key(target.version) == min(map(version_key, above))
    else:
        assert version_key(target.version) == max(map(version_key, named))
    assert all(is_cleared(target.version, issue) for issue in fixable)


def test_many_versions_take_no_time() -> None:
    fixed = [[f"{line}.{number}" for line in range(20)] for number in range(3_000)]
    assert target_of(fixed, ["3.0"]) == Target("3.2999", partial=False)


def planned(issue: str, *findings: Finding) -> Planned:
    return Planned(issue, max(one.severity for one in findings), findings)


class TestGroup:
    def test_a_plan(self) -> None:
        def flaw(fixed: tuple[str, ...], severity: Severity, version: str = "4.17.15") -> Finding:
            return found(
                Kind.DEPENDENCY,
                code("package-lock.json"),
                f"pkg:npm/lodash@{version}",
                fixed_versions=fixed,
                severity=severity,
            )

        web = found(Kind.WEB, WebLocation(url="https://shop.example/"), severity=Severity.CRITICAL)
        plan = group([
            planned("a", flaw(("4.17.19",), Severity.HIGH), flaw((), Severity.HIGH)),
            planned("b", found(Kind.CODE, code(scope="search"), severity=Severity.CRITICAL)),
            planned("c", flaw(("4.17.20", "5.0.1"), Severity.CRITICAL)),
            planned("d", web),
            planned("e", web, found(Kind.CODE, code(scope="pay"), severity=Severity.LOW)),
            planned("f", found(Kind.SECRET, code(), secret_digest="5f2a", rule="github-pat")),
        ])  # fmt: skip
        assert [(one.title, one.target, one.partial, one.issues, one.severity) for one in plan] == [
            ("Upgrade lodash to 4.17.20", "4.17.20", False, ("c", "a"), Severity.CRITICAL),
            ("Change pay in app/orders.py", "", False, ("e",), Severity.CRITICAL),
            ("Change search in app/orders.py", "", False, ("b",), Severity.CRITICAL),
            ("Rotate the github pat in app/orders.py", "", False, ("f",), Severity.HIGH),
        ]
        assert [(one.kind, one.key) for one in plan[:2]] == [("upgrade", "npm/lodash"), ("code", "app/orders.py::pay")]

    def test_an_issue_for_which_no_tool_knows_a_version(self) -> None:
        plan = group([
            planned("a", found(Kind.DEPENDENCY, code(), "pkg:npm/a@1", fixed_versions=("1.1",))),
            planned("b", found(Kind.DEPENDENCY, code(), "pkg:npm/a@1")),
            planned("c", found(Kind.DEPENDENCY, code(), "pkg:npm/b@1")),
        ])  # fmt: skip
        assert [(one.title, one.partial) for one in plan] == [
            ("Upgrade a to 1.1", True),
            ("Upgrade or replace b", False),
        ]

    def test_the_order_does_not_hang_on_the_order_of_the_issues(self) -> None:
        issues = [planned(str(at), found(Kind.CODE, code(scope=f"f{at % 7}"))) for at in range(30)]
        plan = group(issues)
        turned = group(issues[::-1])
        assert [(one.key, set(one.issues)) for one in plan] == [(one.key, set(one.issues)) for one in turned]
        assert group([]) == []
