"""What each manager would install, with the least disturbance."""

from __future__ import annotations

from seamark.response.remediation.project import Move
from seamark.response.remediation.resolve import Resolved, Resolver

from .made import project, registry


def told(found: Resolved) -> set[str]:
    assert not found.conflict
    return {f"{package.partition('/')[2]}@{version}" for package, version in found.nodes}


def test_nothing_moves_where_nothing_is_asked() -> None:
    here = project("npm", {"a@1.0.0": ["b@1.0.0"], "b@1.0.0": [], "lonely@3.0.0": []}, "a")
    assert told(Resolver(here, registry("npm", {})).resolve(())) == {"a@1.0.0", "b@1.0.0", "lonely@3.0.0"}


def test_npm_shares_a_copy_where_it_fits_and_keeps_others_apart() -> None:
    here = project("npm", {"a@1.0.0": ["t@1.0.0"], "b@1.0.0": ["t@1.0.0"], "t@1.0.0": []}, "a b")
    known = registry("npm", {
        "a": {"1.0.0": {"t": "^1.0.0"}, "2.0.0": {"t": "^2.0.0"}}, "b": {"1.0.0": {"t": "^1.0.0"}}, "t": {"1.0.0": {}, "1.1.0": {}, "2.0.0": {}, "2.1.0": {}},
    })  # fmt: skip
    assert told(Resolver(here, known).resolve([Move("npm/a", "1.0.0", "2.0.0")])) == {
        "a@2.0.0",
        "b@1.0.0",
        "t@1.0.0",
        "t@2.1.0",
    }
    refreshed = Resolver(here, known).resolve([Move("npm/t", "1.0.0", "1.1.0")])
    assert told(refreshed) == {"a@1.0.0", "b@1.0.0", "t@1.1.0"}
    refused = Resolver(here, known).resolve([Move("npm/t", "1.0.0", "2.0.0")])
    assert refused.conflict == "no version of t fits ^1.0.0"
    assert told(Resolver(here, known).resolve([Move("npm/t", "1.0.0", "2.0.0", forced=True)])) == {
        "a@1.0.0",
        "b@1.0.0",
        "t@2.0.0",
    }


def test_pip_has_one_version_of_each_and_says_what_conflicts() -> None:
    here = project("pypi", {"a@1.0": ["t@1.0"], "b@1.0": ["t@1.0"], "t@1.0": []}, "a b")
    known = registry("pypi", {
        "a": {"1.0": {"t": ""}, "2.0": {"t": ">=2"}}, "b": {"1.0": {"t": "<2"}, "1.1": {"t": "<3"}}, "t": {"1.0": {}, "2.0": {}, "2.1": {}, "3.0": {}},
    })  # fmt: skip
    found = Resolver(here, known).resolve([Move("pypi/a", "1.0", "2.0")])
    assert found.conflict == "no version of t fits: a 2.0 wants >=2, b 1.0 wants <2"
    both = [Move("pypi/a", "1.0", "2.0"), Move("pypi/b", "1.0", "1.1")]
    assert told(Resolver(here, known).resolve(both)) == {"a@2.0", "b@1.1", "t@2.1"}


def test_go_takes_the_greatest_minimum() -> None:
    here = project(
        "golang", {"acme.example/a@v1.0.0": ["acme.example/t@v1.1.0"], "acme.example/t@v1.1.0": []}, "acme.example/a"
    )
    known = registry("golang", {
        "acme.example/a": {"v1.0.0": {"acme.example/t": "v1.1.0"}, "v1.1.0": {"acme.example/t": "v1.2.0"}, "v1.2.0": {"acme.example/t": "v1.0.0"}},
        "acme.example/t": {"v1.0.0": {}, "v1.1.0": {}, "v1.2.0": {}, "v1.9.0": {}},
    })  # fmt: skip
    assert "acme.example/t@v1.2.0" in told(
        Resolver(here, known).resolve([Move("golang/acme.example/a", "v1.0.0", "v1.1.0")])
    )
    assert "acme.example/t@v1.1.0" in told(
        Resolver(here, known).resolve([Move("golang/acme.example/a", "v1.0.0", "v1.2.0")])
    )


def test_maven_takes_the_nearest_wish_and_keeps_what_is_managed() -> None:
    known = registry(
        "maven", {"g/a": {"1.0": {"g/t": "1.0"}, "2.0": {"g/t": "2.0"}}, "g/t": {"1.0": {}, "2.0": {}, "3.0": {}}}
    )
    here = project("maven", {"g/a@1.0": ["g/t@1.0"], "g/t@1.0": []}, "g/a", lock="")
    assert told(Resolver(here, known).resolve([Move("maven/g/a", "1.0", "2.0")])) == {"g/a@2.0", "g/t@2.0"}
    managed = project("maven", {"g/a@1.0": ["g/t@3.0"], "g/t@3.0": []}, "g/a", lock="")
    assert told(Resolver(managed, known).resolve([Move("maven/g/a", "1.0", "2.0")])) == {"g/a@2.0", "g/t@3.0"}


def test_nuget_takes_the_lowest_that_fits() -> None:
    here = project("nuget", {"A@1.0.0": []}, "A")
    known = registry(
        "nuget", {"A": {"1.0.0": {}, "2.0.0": {"T": "[1.5.0, )"}}, "T": {"1.0.0": {}, "1.5.0": {}, "1.9.0": {}}}
    )
    assert told(Resolver(here, known).resolve([Move("nuget/a", "1.0.0", "2.0.0")])) == {"a@2.0.0", "t@1.5.0"}


def test_needs_that_nobody_knows_are_taken_for_unchanged_and_told() -> None:
    here = project("npm", {"a@1.0.0": ["b@1.0.0"], "b@1.0.0": []}, "a")
    found = Resolver(here, registry("npm", {})).resolve([Move("npm/a", "1.0.0", "2.0.0")])
    assert told(found) == {"a@2.0.0", "b@1.0.0"}
    assert found.assumed == {"npm/a"}


def test_a_circle_is_no_trouble() -> None:
    for ecosystem in ("npm", "pypi"):
        here = project(ecosystem, {"a@1.0.0": ["b@1.0.0"], "b@1.0.0": ["a@1.0.0"]}, "a")
        known = registry(ecosystem, {"a": {"1.0.0": {"b": ""}, "2.0.0": {"b": ""}}, "b": {"1.0.0": {"a": ""}}})
        assert "a@2.0.0" in told(Resolver(here, known).resolve([Move(f"{ecosystem}/a", "1.0.0", "2.0.0")]))
