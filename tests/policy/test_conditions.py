"""Conditions: what is refused, where, and with which suggestion; and how they are decided where facts are missing."""

from __future__ import annotations

import pytest

from seamark.core.severity import Severity
from seamark.governance.policy.condition import Condition, InvalidCondition
from seamark.governance.policy.facts import Application, Component, Facts, Finding, Issue

from .written import NOW

WRONG = [
    ("issue.sevrity > 2", "sevrity", "did you mean issue.severity?"),
    ("sevrity > 2", "sevrity", "did you mean"),
    ("issu.severity > 2", "issu", "did you mean issue.severity?"),
    ('issue.severity >= "critical"', ">=", "did you mean CRITICAL?"),
    ('asset.exposure == "internett"', '"internett"', 'did you mean "internet"?'),
    ('issue.kind in ["code", "sceret"]', '"sceret"', 'did you mean "secret"?'),
    ('issue.findings.exists(f, f.tol == "x")', "tol", "did you mean f.tool?"),
    ("issue.findings.exists(f, f.tool == 3)", "==", "a text is compared with a whole number"),
    ('issue.findings.tool == "x"', "tool", "ask with exists"),
    ("issue.findings.all(f, f.severity)", None, "must be true or false"),
    ('issue.findings.exists(issue, issue.tool == "x")', None, "issue is taken"),
    ('issue.assets.exists(a, a.exposure == "intranet")', '"intranet"', 'did you mean "internet"?'),
    ("issue.cwe == null", "==", "has(…)"),
    ("issue.cwe", None, "must be true or false"),
    ("issue", None, "group of facts"),
    ('issue["kev"]', None, ".kev"),
    ("true", None, "names no fact"),
    ("3 in issue.vulnerabilities", None, "looked for"),
    ('"paymnt" in issue.path_classes', '"paymnt"', 'did you mean "payment"?'),
    ('issue.vulnerabilities.contains("x")', None, "is for texts"),
    ('issue.title.matches("(")', '"("', "regular expression"),
    ('issue.title.contians("x")', "(", "did you mean contains?"),
    ("size(issue.kev) > 0", None, "size is for lists and texts"),
    ("issue.kev && issue.cwe", None, "must be true or false here"),
    ("issue.kev +", None, "something is missing"),
    ("issue.title + issue.vulnerabilities == issue.title", "+", "does not go with"),
    ("issue.kev && " + " " * 4000 + "issue.kev", None, "longer than"),
    ("issue.findings.exists(a, issue.findings.exists(b, issue.findings.exists(c, c.tool == b.tool && a.line == 1)))", None, "stand within each other"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "sentence"), WRONG, ids=[text[:40] for text, _, _ in WRONG])
def test_what_makes_no_sense_is_refused_where_it_stands(text: str, at: str | None, sentence: str) -> None:
    with pytest.raises(InvalidCondition) as refused:
        Condition(text)
    told = [one for one in refused.value.objections if sentence in one.message]
    assert told, refused.value.objections
    if at is not None:
        assert told[0].at == text.index(at)


@pytest.mark.parametrize(
    "text",
    [
        "has(issue.epss) && issue.epss > 1",
        "issue.findings.filter(f, f.severity >= HIGH).size() > 1",
        'issue.findings.map(f, f.tool).exists(t, t == "a")',
        'now - timestamp(issue.opened_at) > duration("24h")',
        'application.components.exists(c, c.licences.exists(l, l.startsWith("GPL")))',
        "issue.kev ? issue.cwe > 1 : false",
        "issue.findings.exists_one(f, f.verified)",
        'issue.title.matches("(?i)sql")',
    ],
)
def test_what_makes_sense_is_taken(text: str) -> None:
    assert Condition(text).subject in {"issue", "application"}


def decide(text: str, **issue: object) -> bool | None:
    return Condition(text).decide(Facts(issue=Issue(**issue)), NOW)  # type: ignore[arg-type]


def test_unknown_is_not_false() -> None:
    assert decide("issue.kev") is None
    assert decide("!issue.kev") is None
    assert decide("issue.kev && issue.fixable", fixable=False) is False
    assert decide("issue.kev && issue.fixable", fixable=True) is None
    assert decide("issue.kev || issue.fixable", fixable=True) is True
    assert decide("issue.kev || issue.fixable", fixable=False) is None
    assert decide("has(issue.kev) && issue.kev") is False
    assert decide("!has(issue.kev)") is True


def test_unknown_inside_lists() -> None:
    some = (Finding(tool="A"), Finding(tool="B", verified=True))
    assert decide("issue.findings.exists(f, f.verified)", findings=some) is True
    assert decide("issue.findings.exists(f, f.verified)", findings=some[:1]) is None
    assert decide("issue.findings.all(f, f.verified)", findings=some) is None
    assert decide("issue.findings.all(f, has(f.tool))", findings=some) is True
    assert decide("issue.findings.exists(f, f.verified)", findings=()) is False
    assert decide("issue.findings.exists(f, f.verified)") is None


def test_numbers_compare_whatever_their_form() -> None:
    assert decide("issue.epss >= 1", epss=1.0) is True
    assert decide("issue.cwe == 79.0", cwe=79) is True
    assert decide("issue.severity == HIGH", severity=Severity.HIGH) is True


def test_time_is_what_it_is_told() -> None:
    late = 'now - timestamp(issue.opened_at) > duration("24h")'
    assert decide(late, opened_at="2026-11-20T00:00:00Z") is True
    assert decide(late, opened_at="2026-11-21T12:00:00Z") is False
    assert decide(late, opened_at="nonsense") is None


@pytest.mark.parametrize(("count", "answer"), [(50, True), (120, None)])
def test_what_goes_round_too_often_is_not_decided(count: int, answer: bool | None) -> None:
    every = tuple(Component(name=f"p{number}", licences=("MIT",)) for number in range(count))
    text = "application.components.all(a, application.components.all(b, size(b.licences) == 1))"
    assert Condition(text).decide(Facts(application=Application(components=every)), NOW) is answer


def test_uses_and_subject() -> None:
    one = Condition('asset.exposure == "internet" && issue.severity >= HIGH && has(issue.epss)')
    assert one.subject == "issue"
    assert one.uses == (("asset", "exposure"), ("issue", "epss"), ("issue", "severity"))
    assert one.unknown(Facts(issue=Issue(severity=Severity.LOW))) == ("asset.exposure", "issue.epss")


def test_lists_within_lists() -> None:
    free, bound = Component(name="a", licences=("MIT",)), Component(name="b", licences=("MIT", "GPL-3.0-only"))
    copyleft = 'application.components.exists(c, c.licences.exists(l, l.startsWith("GPL")))'
    for components, answer in (((free,), False), ((free, bound), True), ((free, Component(name="c")), None)):
        assert Condition(copyleft).decide(Facts(application=Application(components=components)), NOW) is answer


@pytest.mark.parametrize(
    "text",
    [
        "!" * 3900 + "issue.kev",
        "issue" + ".kev" * 900,
        " || ".join(["issue.kev"] * 300),
        "(" * 1900 + "issue.kev" + ")" * 1900,
        "[" * 3000,
        "issue.kev ? " * 300 + "true",
        "-" * 3000 + "1 == issue.cwe",
    ],
)
def test_long_chains_are_compiled_or_refused_and_nothing_else(text: str) -> None:
    try:
        found = Condition(text)
    except InvalidCondition as error:
        told = error.objections
    else:
        told = [found]  # type: ignore[list-item]
    assert told
