"""The data files: names are written as they are compared, so that no line of them is dead."""

from __future__ import annotations

import pytest

from seamark.core.assets import AssetKind, AssetRef, Listing
from seamark.core.component import Component, DependsOn
from seamark.intake.reach.names import canonical, data, is_standard, matches, owner
from seamark.intake.reach.packages import Packages


@pytest.mark.parametrize("ecosystem", ["pypi", "npm", "maven", "golang"])
def test_names_are_canonical(ecosystem: str) -> None:
    needs = data("needs")[ecosystem]
    told = {*needs, *(each for line in needs.values() for each in line.split()), *data("names").get(ecosystem, {})}
    assert len(told) > 20
    assert [each for each in sorted(told) if canonical(ecosystem, each) != each] == []


@pytest.mark.parametrize(
    ("ecosystem", "full", "start", "fits"),
    [
        ("npm", "lodash/fp", "lodash", True),
        ("npm", "lodash-es", "lodash", False),
        ("npm", "npm:lodash@4/x", "lodash", True),
        ("npm", "https://cdn.example/lodash@4.17.0", "lodash", True),
        ("npm", "https://cdn.example/lodash-es@4.17.0", "lodash", False),
        ("npm", "raw-loader!lodash", "lodash", True),
        ("golang", "a.example/m/v2/p", "a.example/m", False),
        ("golang", "a.example/m/p", "a.example/m", True),
        ("pypi", "google.cloud", "google.cloud.storage", True),
        ("pypi", "google.cloud.bigquery", "google.cloud.storage", False),
        ("maven", "org.acme.tool.Thing", "~org.acme", True),
        ("maven", "com.other.widget.Thing", "*widget", True),
    ],
)
def test_which_imports_fit(ecosystem: str, full: str, start: str, fits: bool) -> None:
    assert matches(ecosystem, full, start) is fits


def test_owners_of_imports() -> None:
    assert owner("pypi", "jwt", frozenset({"python-jwt"})) == "python-jwt"
    assert owner("npm", "@scope/name/part", frozenset()) == "@scope/name"
    assert (
        owner("golang", "github.com/acme/x/y/z", frozenset({"github.com/acme/x", "github.com/acme/x/y"}))
        == "github.com/acme/x/y"
    )
    assert owner("maven", "org.jsoup.Jsoup", frozenset({"org.jsoup:jsoup"})) == "org.jsoup:jsoup"
    assert is_standard("npm", "node:fs")
    assert not is_standard("golang", "github.com/acme/x")


def listed(manifest: str, *names: str, edges: dict[str, tuple[str, ...]] | None = None, scope: str = "") -> Packages:
    return Packages(
        [
            Listing(
                manifest=AssetRef(AssetKind.MANIFEST, f"shop//{manifest}"),
                ecosystem="npm",
                components=tuple(Component(name=each, ref=each, scope=scope) for each in names),
                edges=tuple(DependsOn(ref, targets) for ref, targets in (edges or {}).items()),
            )
        ],
        "npm",
    )


def test_ways_between_packages() -> None:
    locked = listed("package-lock.json", "a", "b", "c", edges={"": ("a", "c"), "a": ("b",)})
    assert locked.leads("a", "b") == ["a", "b"]
    assert locked.leads("c", "b") == []
    flat = listed("package.json", "a", "express", "uuid", "qs")
    assert flat.leads("a", "qs") is None
    assert flat.leads("express", "qs") == ["express", "qs"]
    assert flat.leads("uuid", "qs") == []


def test_drivers_are_looked_for_whatever_the_lock_file_says() -> None:
    assert listed("package-lock.json", "sequelize", "pg").leads("sequelize", "pg") is None


def test_only_a_lock_file_is_trusted_that_a_package_is_for_development() -> None:
    assert listed("package-lock.json", "a", scope="development").is_aside("a")
    assert not listed("package.json", "a", scope="development").is_aside("a")
