"""Signals: what must not change them."""

import pytest

from seamark.analysis.correlation.signals import block_of, code_key, message_key, signals, url_template
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, Location, WebLocation
from seamark.core.severity import Severity


def code(**changes: object) -> Finding:
    location = {"path": "a.py", "line": 3, "snippet": "run(x)"} | {
        k: v for k, v in changes.items() if k in {"path", "line", "snippet", "scope"}
    }
    rest = {"rule": "R1", "title": "Unsafe", "severity": Severity.HIGH, "kind": Kind.CODE} | {
        k: v for k, v in changes.items() if k not in location | {"scope": 0}
    }
    return Finding(location=CodeLocation(**location), **rest)  # type: ignore[arg-type]


def test_signals_are_the_same_everywhere() -> None:
    """A hash that changed would close and open every finding of every installation."""
    assert signals(code()) == (
        0,
        -2991951997189319809,
        -1904993055050272770,
        0,
        981264637504152671,
        -9093400677108429923,
        3,
        8681150440978817783,
        -1462115158398929294,
        0,
        -1904993055050272770,
        0,
    )


@pytest.mark.parametrize(
    "change", [{"severity": Severity.LOW}, {"description": "new words"}, {"tags": ("x",)}, {"cwes": (89,)}]
)
def test_texts_and_ratings_are_no_identity(change: dict[str, object]) -> None:
    assert signals(code(**change)) == signals(code())


def test_indentation_and_printed_line_numbers_are_no_code() -> None:
    assert code_key("  run( x )\n") == code_key("run(x)")
    assert code_key("12 run(x)\n13 stop()") == code_key("44 run(x)\n45 stop()") == code_key("run(x)\nstop()")


def test_numbers_are_no_message() -> None:
    assert message_key("line 17 calls f (3 times)") == message_key("line 24 calls f (4 times)")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://shop.example/orders/17?q=1#top", "/orders/{id}"),
        ("http://127.0.0.1:8080/orders/0f8fad5b-d9cb-469f-a165-70867728950e/lines/4", "/orders/{id}/lines/{id}"),
        ("https://shop.example", "/"),
        ("/static/app.js", "/static/app.js"),
    ],
)
def test_ids_in_addresses_are_templates(url: str, path: str) -> None:
    assert url_template(url) == path


def test_the_namespace_of_a_package_does_not_part_tools() -> None:
    def finding(name: str, purl: str) -> Finding:
        return Finding(
            rule="CVE-1",
            title="t",
            severity=Severity.HIGH,
            kind=Kind.DEPENDENCY,
            component=Component(name=name, purl=purl),
        )

    left = finding("org.apache.logging.log4j:log4j-core", "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")
    right = finding("log4j-core", "")
    assert block_of(left, 5) == block_of(right, 5)
    assert block_of(left, 5) != block_of(left, 6)
    assert block_of(left, 5, "feature") == block_of(left, 5)


def test_what_lies_in_one_file_or_answers_at_one_route_meets_there() -> None:
    def finding(location: Location | None, rule: str = "r") -> Finding:
        return Finding(rule=rule, title="t", severity=Severity.HIGH, kind=Kind.CODE, location=location)

    one, other = CodeLocation(path="./src/a.py", line=3), CodeLocation(path="src/a.py", line=90)
    assert block_of(finding(one), 0) == block_of(finding(other, "q"), 0)
    assert not block_of(finding(one), 0).keyed
    assert block_of(finding(one), 0, "feature") != block_of(finding(one), 0)
    seven, eight = (
        WebLocation(url="https://a/orders/7?x=1", method="GET"),
        WebLocation(url="https://a/orders/8", parameter="q"),
    )
    assert block_of(finding(seven), 0) == block_of(finding(eight), 0)
    assert block_of(finding(None), 0).keyed
    assert block_of(finding(None), 0) != block_of(finding(None, "q"), 0)
