"""What confirms what: an attack and the code behind its route, an alert and the package it ran, a tester's word and a file."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.analysis.correlation.corroboration import Corroboration, Routes, confirmations, corroborate, witness
from seamark.analysis.correlation.witness import Witness
from seamark.core.checkout import Route
from seamark.core.component import Component
from seamark.core.finding import Finding, FlowStep, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, Location, ResourceLocation, WebLocation
from seamark.core.severity import Severity

SEARCH = Route(path="/orders/search", method="GET", file="orders/views.py", line=20, end_line=34, scope="search")
ORDER = Route(path="/orders/{order}", method="GET", file="orders/views.py", line=40, end_line=52, scope="order")
EDIT = Route(path="/orders/{order}", method="PUT", file="orders/views.py", line=60, end_line=70, scope="edit")
ORDERS = Route(path="/orders", method="GET", file="orders/views.py", line=5, end_line=15, scope="orders")
ROUTES = [SEARCH, ORDER, EDIT, ORDERS]
ATTACK, CODE = 1, 2


def finding(kind: Kind, location: Location | None, cwe: int = 89, **more: Any) -> Finding:
    given = {"rule": "40018", "title": "A finding", "severity": Severity.HIGH, "cwes": (cwe,) if cwe else ()}
    return Finding(**{**given, "kind": kind, "location": location, **more})


def attack(url: str = "https://shop.example/orders/search?q=1", method: str = "GET", parameter: str = "", cwe: int = 89, **more: Any) -> Witness:  # fmt: skip
    place = WebLocation(url=url, method=method, parameter=parameter)
    return witness(finding(more.pop("kind", Kind.WEB), place, cwe, **more), "ZAP", ATTACK)


def code(line: int | None = 28, path: str = "orders/views.py", cwe: int = 89, issue: int = CODE, snippet: str = "", scope: str = "", **more: Any) -> Witness:  # fmt: skip
    place = CodeLocation(path=path, line=line, snippet=snippet, scope=scope)
    return witness(finding(Kind.CODE, place, cwe, rule="acme.sql", **more), "Acme", issue)


def link(*witnesses: Witness, routes: list[Route] | None = None) -> Corroboration | None:
    found = corroborate(witnesses, ROUTES if routes is None else routes)
    assert len(found) < 2
    return found[0] if found else None


def test_an_attack_on_a_route_confirms_the_code_of_its_handler() -> None:
    one = link(attack(), code())
    assert one is not None
    assert (one.left, one.right, one.by, one.confidence) == (ATTACK, CODE, "dast", 0.85)
    assert [words for words, _ in one.reasons] == ["in the handler of the route", "same weakness"]


def test_a_parameter_that_the_code_names_makes_it_surer() -> None:
    named = code(snippet='term = request.args.get("q")')
    one, other = link(attack(parameter="q"), named), link(attack(parameter="page"), named)
    assert one is not None
    assert other is not None
    assert (one.confidence, other.confidence) == (0.95, 0.85)
    assert link(attack(parameter="req"), named) == other


def test_the_flow_may_start_in_the_handler_and_end_elsewhere() -> None:
    steps = (
        FlowStep(CodeLocation(path="orders/views.py", line=22, snippet='q = request.args["q"]')),
        FlowStep(CodeLocation(path="orders/store.py", line=118)),
    )
    deep = code(118, "orders/store.py", flow=steps)
    one = link(attack(parameter="q"), deep)
    assert one is not None
    assert one.confidence == 0.95
    assert link(attack(), code(118, "orders/store.py")) is None


@pytest.mark.parametrize(
    ("outside", "inside"),
    [
        (attack("https://shop.example/orders/17"), code(28)),
        (attack("https://shop.example/orders"), code(28)),
        (attack("https://shop.example/orders/search/all"), code(28)),
        (attack("https://shop.example/orders/searching"), code(28)),
        (attack("https://shop.example/Orders/search"), code(28)),
        (attack(method="POST"), code(28)),
        (attack(), code(45)),
        (attack(), code(35)),
        (attack(), code(28, "billing/views.py")),
        (attack(), code(28, cwe=79)),
        (attack(cwe=0), code(28)),
        (attack(), code(28, cwe=0)),
    ],
    ids=[
        "same family on another route", "a route that is the front of this one", "a longer path", "same prefix", "other case", "other method",
        "another handler's code", "the line after the handler", "another file", "same route, other family", "attack of no weakness",
        "code of no weakness",
    ],
)  # fmt: skip
def test_what_only_looks_alike_confirms_nothing(outside: Witness, inside: Witness) -> None:
    assert link(outside, inside) is None


def test_ids_in_addresses_are_parameters_of_routes() -> None:
    for url in ("https://shop.example/orders/17/", "/orders/{id}", "/orders/2f1c7a0e-1111-4222-8333-444455556666"):
        assert link(attack(url), code(45)) is not None
        assert link(attack(url, method="PUT"), code(65)) is not None
        assert link(attack(url, method="PUT"), code(45)) is None
    assert link(attack("/orders/17", method=""), code(45)) is not None
    assert link(attack("/orders/17", method="HEAD"), code(45)) is not None


def test_the_most_literal_route_wins_even_where_its_code_is_not_known() -> None:
    wide = [Route(path="/orders/{order}", file="orders/views.py", line=20, end_line=34)]
    assert link(attack(), code(), routes=wide) is not None
    described = [*wide, Route(path="/orders/search", method="GET", origin="openapi")]
    assert link(attack(), code(), routes=described) is None


def test_a_description_and_the_code_of_one_route_go_together() -> None:
    described = Route(path="/orders/{id}", method="GET", origin="openapi", parameters=("id",))
    assert link(attack("/orders/17"), code(45), routes=[described, ORDER]) is not None


def test_part_of_a_segment_may_be_a_parameter() -> None:
    routes = Routes([Route(path="/files/{name}.json", file="a.py"), Route(path="/files/{name}", file="b.py")])
    assert [one.file for one in routes.find("/files/report.json", "GET")] == ["a.py"]
    assert [one.file for one in routes.find("/files/report.xml", "")] == ["b.py"]
    assert [one.file for one in routes.find("/files/a%20b", "")] == ["b.py"]
    assert routes.find("/files", "GET") == routes.find("/", "GET") == []


def test_where_only_the_file_of_a_route_is_known_it_must_be_its_only_one() -> None:
    search, order = (
        Route(path="/search", method="GET", file="views.py"),
        Route(path="/order", method="GET", file="views.py"),
    )
    outside, inside = attack("/search", parameter="q"), code(28, "./views.py")
    one = link(outside, inside, routes=[search])
    assert one is not None
    assert one.confidence == 0.7
    assert link(outside, inside, routes=[search, order]) is None
    assert link(attack("/search", cwe=564), code(28, "views.py", cwe=943), routes=[search]) is None


def test_a_handler_that_is_known_by_name_only_must_be_the_function() -> None:
    routes = [Route(path="/search", file="views.py", scope="Orders.search")]
    one = link(attack("/search"), code(28, "views.py", scope="search"), routes=routes)
    assert one is not None
    assert one.confidence == 0.8
    assert link(attack("/search"), code(28, "views.py", scope="Orders.order"), routes=routes) is None


def test_an_issue_with_several_findings_is_linked_once_with_the_best_reasons() -> None:
    found = corroborate([attack(), attack(parameter="q"), code(), code(snippet='args["q"]')], ROUTES)
    assert [(one.left, one.right, one.confidence) for one in found] == [(ATTACK, CODE, 0.95)]


def test_an_issue_does_not_confirm_itself() -> None:
    assert link(attack(), code(issue=ATTACK)) is None


def test_the_words_of_a_title_tell_the_family_where_there_is_no_weakness() -> None:
    one = link(attack(cwe=0, title="SQL Injection"), code(cwe=0, title="Possible SQL injection"))
    assert one is not None
    assert one.reasons[1][0] == "rules of one family"
    assert link(attack(cwe=0, title="SQL Injection"), code(cwe=0, title="Cross-site scripting")) is None


def test_one_weakness_of_several_is_enough_at_one_route() -> None:
    template = code(cwe=0, cwes=(1336, 79), title="Server-side template injection")
    one = link(attack(cwe=79), template)
    assert one is not None
    assert one.reasons[1] == ("a weakness that both name", 0.35)
    assert link(attack(cwe=20), code(cwe=20)) is None, "a weakness that says nothing"


def test_configuration_is_no_handler() -> None:
    assert link(attack(), code(28, "orders/views.yaml"), routes=[Route(path="/orders/search", file="orders/views.yaml")]) is None  # fmt: skip


# Alerts and packages

IMAGE = "registry.example/acme/shop:1.4"
LOG4J = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"


def package(purl: str, path: str = "", image: str = IMAGE, flaw: str = "CVE-2021-44228", places: tuple[str, ...] = ()) -> Witness:  # fmt: skip
    name, _, version = purl.partition("?")[0].rpartition("/")[2].partition("@")
    one = finding(
        Kind.DEPENDENCY, ImageLocation(image=image, path=path), 0, rule=flaw, vulnerabilities=(flaw,),
        component=Component(name=name, version=version, purl=purl),
    )  # fmt: skip
    return witness(one, "Trivy", CODE, places=places)


def alert(description: str, location: Location | None = None, asset: int = 0) -> Witness:
    one = finding(Kind.RUNTIME, location or ImageLocation(image=IMAGE), 0, title="Alert", description=description)
    return witness(one, "Falco", ATTACK, asset=asset)


@pytest.mark.parametrize(
    ("purl", "description"),
    [
        (LOG4J, "Warning file opened (file=/app/lib/log4j-core-2.14.1.jar command=java -jar app.jar)"),
        ("pkg:npm/lodash@4.17.15", "fd.name: /srv/node_modules/lodash/template.js"),
        ("pkg:npm/%40acme/cart@1.0.0", "fd.name: /srv/node_modules/@acme/cart/index.js"),
        ("pkg:pypi/requests@2.31.0", "fd.name: /usr/lib/python3.12/site-packages/requests/api.py"),
        ("pkg:pypi/typing-extensions@4.0", "fd.name: /venv/lib/python3.12/site-packages/typing_extensions.py"),
        ("pkg:gem/rack@2.2.3", "fd.name: /usr/local/bundle/gems/rack-2.2.3/lib/rack.rb"),
        ("pkg:deb/debian/libssl3@3.0.11-1", "fd.name: /usr/lib/x86_64-linux-gnu/libssl.so.3"),
        ("pkg:deb/debian/nginx-core@1.22", "proc.name: nginx"),
        ("pkg:deb/debian/curl@8.0", "Notice outbound connection (command=curl http://evil.example)"),
        ("pkg:apk/alpine/busybox@1.36", "proc.exepath: /bin/busybox"),
        (LOG4J, "Log4Shell attempt CVE-2021-44228 in request"),
    ],
)
def test_an_alert_that_names_a_package_confirms_its_flaw(purl: str, description: str) -> None:
    one = link(alert(description), package(purl))
    assert one is not None
    assert (one.left, one.right, one.by) == (ATTACK, CODE, "runtime")
    assert one.confidence >= 0.6


@pytest.mark.parametrize(
    ("purl", "description"),
    [
        (LOG4J, "fd.name: /app/lib/log4j-core-2.24.0.jar"),
        (LOG4J, "fd.name: /app/lib/log4j-core-extras-2.14.1.jar"),
        (LOG4J, "fd.name: /etc/shadow"),
        (LOG4J, "proc.name: java"),
        ("pkg:npm/lodash@4.17.15", "fd.name: /srv/node_modules/lodash.merge/index.js"),
        ("pkg:pypi/requests@2.31.0", "fd.name: /usr/lib/python3.12/site-packages/requests_toolbelt/api.py"),
        ("pkg:gem/rack@2.2.3", "fd.name: /usr/local/bundle/gems/rack-3.0.0/lib/rack.rb"),
        ("pkg:deb/debian/libssl3@3.0.11-1", "fd.name: /usr/lib/x86_64-linux-gnu/libcrypto.so.3"),
        ("pkg:deb/debian/curl@8.0", "proc.name: curling"),
        ("pkg:deb/debian/curl@8.0", "proc.pname: curl"),
        (LOG4J, ""),
    ],
)
def test_an_alert_on_something_else_confirms_nothing(purl: str, description: str) -> None:
    assert link(alert(description), package(purl, flaw="CVE-2020-1")) is None


def test_a_program_is_what_is_compiled_into_it() -> None:
    module = package("pkg:golang/golang.org/x/net@0.1.0", path="usr/local/bin/shop")
    assert link(alert("proc.exepath: /usr/local/bin/shop"), module) is not None
    assert link(alert("proc.exepath: /usr/local/bin/tool"), module) is None


def test_an_alert_counts_only_where_the_package_is() -> None:
    text = "fd.name: /app/lib/log4j-core-2.14.1.jar"
    elsewhere = alert(text, ImageLocation(image="registry.example/acme/mail:1"))
    assert link(elsewhere, package(LOG4J)) is None
    assert link(alert(text, HostLocation(host="node-1")), package(LOG4J)) is None
    pod = ResourceLocation(resource="shop/Pod/web-1", type="Pod")
    assert link(alert(text, pod), package(LOG4J)) is None
    assert link(alert(text, pod), package(LOG4J, places=("shop/Pod/web-1",))) is not None
    assert (
        link(alert(f"{text}\ncontainer.image.repository: registry.example/acme/shop", pod), package(LOG4J)) is not None
    )
    assert link(alert(text, HostLocation(host="n"), asset=7), package(LOG4J)._replace(asset=7)) is not None


def test_two_alerts_are_no_confirmation_of_each_other() -> None:
    assert link(alert("proc.name: nginx"), alert("proc.name: nginx")._replace(issue=CODE)) is None


# Pen-tests


def pentest(location: Location, cwe: int = 89) -> Witness:
    return witness(finding(Kind.PENTEST, location, cwe, about=Rule(id="PT-1")), "Testers", ATTACK)


@pytest.mark.parametrize(
    "place",
    [
        WebLocation(url="https://shop.example/orders/search", method="GET"),
        CodeLocation(path="orders/views.py", line=27),
        CodeLocation(path="views.py", scope="Orders.search"),
        ResourceLocation(resource="orders/views.py:29"),
        ResourceLocation(resource="search() in views.py"),
        ResourceLocation(resource="the file orders/views.py"),
    ],
)
def test_a_tester_names_a_route_a_file_or_a_function(place: Location) -> None:
    one = link(pentest(place), code(28, scope="search"))
    assert one is not None
    assert (one.by, one.right) == ("pentest", CODE)


@pytest.mark.parametrize(
    "place",
    [
        CodeLocation(path="orders/views.py", line=90),
        CodeLocation(path="orders/views.py", scope="order"),
        CodeLocation(path="reviews.py"),
        CodeLocation(path="iews.py"),
        ResourceLocation(resource="order() in orders/views.py"),
        ResourceLocation(resource="orders"),
        HostLocation(host="shop.example"),
    ],
)
def test_a_tester_who_names_another_place_confirms_nothing(place: Location) -> None:
    assert link(pentest(place), code(28, scope="search")) is None


def test_a_tester_s_weakness_must_be_of_the_family() -> None:
    assert link(pentest(CodeLocation(path="orders/views.py", line=28), cwe=352), code()) is None


def test_a_file_with_several_such_issues_is_too_little() -> None:
    place = pentest(CodeLocation(path="orders/views.py"))
    assert link(place, code()) is not None
    assert corroborate([place, code(), code(66, issue=3)], ROUTES) == []


# All together


def test_what_confirms_an_issue_is_said_in_words() -> None:
    found = [
        Corroboration(1, 9, 0.9, (), "runtime"),
        Corroboration(2, 9, 0.9, (), "dast"),
        Corroboration(3, 8, 0.9, (), "dast"),
    ]
    assert confirmations([*found, Corroboration(4, 9, 0.7, (), "dast")]) == {9: "dast,runtime", 8: "dast"}
    assert confirmations([]) == {}


def test_nothing_confirms_nothing() -> None:
    assert corroborate([], ROUTES) == corroborate([attack(), code()], []) == []


paths = st.sampled_from(
    ["/orders", "/orders/search", "/orders/{id}", "/orders/17", "/{a}/{b}", "/", "//", "/a{b}c{d}e{f}g{h}"]
)
someone = st.builds(
    Witness,
    issue=st.integers(1, 6), tool=st.just("Acme"), rule=st.sampled_from(["a", "b"]),
    kind=st.sampled_from(["code", "web", "pentest", "runtime", "dependency"]), cwes=st.sampled_from([(), (89,), (79,), (564,)]),
    url=st.sampled_from(["", "/orders", "/orders/17", "/orders/search"]), method=st.sampled_from(["", "GET", "PUT"]),
    path=st.sampled_from(["", "views.py", "orders/views.py"]), line=st.integers(0, 12), scope=st.sampled_from(["", "f", "A.f", "g"]),
    component=st.sampled_from(["", "npm/lodash", "deb/debian/curl"]), asset=st.integers(0, 2),
    files=st.sampled_from([frozenset(), frozenset({"/a/node_modules/lodash/x.js"})]), processes=st.sampled_from([frozenset(), frozenset({"curl"})]),
)  # fmt: skip
ways = st.builds(
    Route, path=paths, method=st.sampled_from(["", "GET", "PUT"]), file=st.sampled_from(["", "views.py", "orders/views.py"]),
    line=st.integers(0, 5), end_line=st.integers(0, 12), scope=st.sampled_from(["", "f"]),
)  # fmt: skip


@given(st.lists(someone, max_size=12), st.lists(ways, max_size=8), st.randoms(use_true_random=False))
def test_the_order_changes_nothing_and_each_pair_is_said_once(
    witnesses: list[Witness], routes: list[Route], dice: random.Random
) -> None:
    found = corroborate(witnesses, routes)
    assert corroborate(dice.sample(witnesses, len(witnesses)), dice.sample(routes, len(routes))) == found
    pairs = [(one.left, one.right) for one in found]
    assert len(set(pairs)) == len(pairs)
    for one in found:
        assert one.left != one.right
        assert 0.6 <= one.confidence <= 1
        assert one.by in {"dast", "pentest", "runtime"}
