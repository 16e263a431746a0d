"""SARIF beyond its samples: versions, paths, messages, and how rules are found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation
from seamark.core.report import Run
from seamark.intake.parsers.formats.sarif.texts import fill, headline
from seamark.intake.parsers.formats.sarif.tools import kind_of_tool
from seamark.intake.parsers.kit.read import open_bytes


def items(run: dict[str, Any], **log: Any) -> list[Any]:
    run = {"tool": {"driver": {"name": "T"}}, "results": [], **run}
    return list(open_bytes(json.dumps({"version": "2.1.0", "runs": [run], **log}).encode()).items())


def findings(run: dict[str, Any]) -> list[Finding]:
    return [item for item in items(run) if isinstance(item, Finding)]


def path(uri: str, base: str | None = None, **run: Any) -> str:
    artifact = {"uri": uri, "uriBaseId": base} if base else {"uri": uri}
    row = {"message": {"text": "x"}, "locations": [{"physicalLocation": {"artifactLocation": artifact}}]}
    location = findings({"results": [row], **run})[0].location
    assert isinstance(location, CodeLocation)
    return location.path


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "2.0.0-csd.2.beta.2018-10-10"])
def test_older_versions_are_refused_by_name(version: str) -> None:
    log = {"version": version, "runs": [{"tool": {"name": "x"}, "results": []}]}
    with pytest.raises(UnreadableReport, match=f"SARIF {version} is not read"):
        list(open_bytes(json.dumps(log).encode()).items())


@pytest.mark.parametrize(
    "log",
    [
        {"version": "2.1.0", "runs": [{"id": 1}]},
        {"version": "7", "runs": [{"tool": {}}]},
        {"runs": []},
        {"version": "2.1.0", "results": []},
    ],
)
def test_other_things_with_runs_are_not_claimed(log: dict[str, Any]) -> None:
    with pytest.raises(UnknownFormat):
        open_bytes(json.dumps(log).encode())


def test_run_without_a_tool_is_refused() -> None:
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{"results": []}]}
    with pytest.raises(UnreadableReport, match="tool") as refusal:
        list(open_bytes(json.dumps(log).encode()).items())
    assert refusal.value.where == "$.runs[0]"


@pytest.mark.parametrize(
    ("uri", "wanted"),
    [
        ("a/b.c", "a/b.c"), ("./a/b.c", "a/b.c"), ("a%20b/%C3%BC.py", "a b/ü.py"), ("100%/x", "100%/x"), ("a\\b.cs", "a/b.cs"),
        ("file:///C:/r/a.cs", "/r/a.cs"), ("C:\\r\\a.cs", "/r/a.cs"), ("/abs/a", "/abs/a"), ("git://x/y", "git://x/y"),
    ],
)  # fmt: skip
def test_paths_without_a_base(uri: str, wanted: str) -> None:
    assert path(uri) == wanted


BASES = {
    "R": {"uri": "file:///c:/repo%20one/"},
    "SRC": {"uri": "src", "uriBaseId": "R"},
    "LOOP": {"uri": "x/", "uriBaseId": "LOOP"},
}


@pytest.mark.parametrize(
    ("uri", "base", "wanted"),
    [
        ("a.c", "R", "a.c"), ("a.c", "SRC", "src/a.c"), ("file:///C:/repo%20one/b/a.c", None, "b/a.c"),
        ("file:///C:/other/a.c", None, "/other/a.c"), ("a.c", "UNKNOWN", "a.c"),
    ],
)  # fmt: skip
def test_paths_with_bases(uri: str, base: str | None, wanted: str) -> None:
    assert path(uri, base, originalUriBaseIds={"R": BASES["R"], "SRC": BASES["SRC"]}) == wanted


def test_bases_in_a_circle_end() -> None:
    assert path("a.c", "LOOP", originalUriBaseIds=BASES).endswith("a.c")


def test_working_directory_is_a_root() -> None:
    assert (
        path("file:///w/a.c", invocations=[{"executionSuccessful": True, "workingDirectory": {"uri": "file:///w"}}])
        == "a.c"
    )
    assert (
        path("file:///w2/a.c", invocations=[{"executionSuccessful": True, "workingDirectory": {"uri": "file:///w"}}])
        == "/w2/a.c"
    )


def test_placeholders() -> None:
    assert fill("{0} and {1}, {{0}} {2} {x}", ["a", None]) == "a and , {0} {2} {x}"


def test_headlines() -> None:
    assert headline("See [docs](https://x.y) and [this](1).") == "See docs and this."
    assert headline("Short\nlist\nof lines") == "Short"
    assert headline(
        "A sentence that some tool has wrapped at a fixed\nwidth goes on. Then another.\n\nMore"
    ).startswith("A sentence that some tool has wrapped at a fixed width goes on.")


RULES = [
    {"id": "A", "defaultConfiguration": {"level": "error"}},
    {"id": "B", "properties": {"security-severity": "Critical"}},
]


@pytest.mark.parametrize(
    ("named", "rule", "severity"),
    [
        ({"ruleId": "A"}, "A", "high"), ({"ruleIndex": 1}, "B", "critical"), ({"rule": {"index": 0}}, "A", "high"),
        ({"rule": {"id": "B"}}, "B", "critical"), ({"ruleId": "A/x", "ruleIndex": 0}, "A", "high"),
        ({"ruleId": "A", "ruleIndex": 1}, "A", "high"), ({"ruleId": "C", "ruleIndex": 9}, "C", "medium"), ({}, "", "medium"),
        ({"ruleId": "A", "level": "note"}, "A", "info"), ({"ruleId": "A", "properties": {"security-severity": 9.1}}, "A", "critical"),
        ({"ruleId": "A", "properties": {"security-severity": "0.0"}}, "A", "high"),
    ],
)  # fmt: skip
def test_rules(named: dict[str, Any], rule: str, severity: str) -> None:
    run = {"tool": {"driver": {"name": "T", "rules": RULES}}, "results": [{"message": {"text": "x"}, **named}]}
    (found,) = findings(run)
    assert (found.rule, found.severity.word) == (rule, severity)


@pytest.mark.parametrize(
    ("run", "successful", "complete"),
    [
        ({}, None, None),
        ({"invocations": [{"executionSuccessful": True}]}, True, None),
        ({"invocations": [{"executionSuccessful": True}, {"executionSuccessful": False}]}, False, None),
        ({"invocations": [{"executionSuccessful": True}, {}]}, None, None),
        ({"results": None}, False, None),
        ({"invocations": [{"executionSuccessful": True}], "results": None}, False, None),
        (
            {"invocations": [{"executionSuccessful": True, "toolExecutionNotifications": [{"level": "error"}]}]},
            True,
            False,
        ),
        ({"invocations": [{"executionSuccessful": True, "exitSignalName": "SIGKILL"}]}, False, None),
    ],
)
def test_outcome_of_a_run(run: dict[str, Any], successful: bool | None, complete: bool | None) -> None:
    found = items(run)[0]
    assert isinstance(found, Run)
    assert (found.successful, found.complete) == (successful, complete)
    assert bool(found.problems) == (successful is False or complete is False)


def test_ruleset_needs_a_rule_without_a_result() -> None:
    tool = {"driver": {"name": "T", "rules": RULES}}
    rows = [{"ruleId": "A", "message": {"text": "x"}}, {"ruleIndex": 1, "kind": "pass", "message": {"text": "x"}}]
    assert items({"tool": tool, "results": rows[:1]})[0].ruleset == {"A", "B"}
    assert items({"tool": tool, "results": rows})[0].ruleset is None
    assert items({"tool": tool})[0].ruleset == {"A", "B"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Semgrep OSS", Kind.CODE), ("gitleaks", Kind.SECRET), ("Detect Secrets", Kind.SECRET), ("Checkov", Kind.MISCONFIGURATION),
        ("OWASP dependency-check", Kind.DEPENDENCY), ("OWASP ZAP", Kind.WEB), ("Nessus", Kind.HOST), ("", Kind.CODE),
    ],
)  # fmt: skip
def test_kinds_of_tools(name: str, kind: Kind) -> None:
    assert kind_of_tool(name) is kind
