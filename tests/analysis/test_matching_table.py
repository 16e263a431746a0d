"""The table of rules, and what measures the matcher."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files

import pytest
import yaml
from benchmarks.accuracy import packages, samples, speed, tracking
from benchmarks.accuracy.__main__ import worse
from benchmarks.accuracy.labelled import Labelled, shifted, stacked, strangers, thinned
from benchmarks.accuracy.score import score
from benchmarks.drift.score import Score as Tracked

from seamark.analysis.correlation.equivalence import Meaning, meaning, tool_key
from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.weakness import weaknesses
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.severity import Severity

TABLE = yaml.safe_load(files("seamark.analysis.correlation").joinpath("data/rules.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("tool", "rule", "family"),
    [
        ("bandit", "B608", "sql-injection"),
        ("ruff", "S608", "sql-injection"),
        ("Semgrep OSS", "python.lang.security.audit.formatted-sql-query", "sql-injection"),
        ("semgrep-1.182", "bandit.B301", "unpickling"),
        ("semgrep", "find_sec_bugs.COMMAND_INJECTION-1", "command-injection"),
        ("semgrep", "find_sec_bugs.NOBODY-1", ""),
        ("SonarQube", "javasecurity:S3649", "sql-injection"),
        ("CodeQL", "js/request-forgery", "request-forgery-by-server"),
        ("SnykCode", "javascript/OR", "open-redirect"),
        ("Security Code Scan", "SCS0018", "path-traversal"),
        ("PHP_CodeSniffer", "PHPCS_SecurityAudit.BadFunctions.EasyXSS.EasyXSSwarn", "cross-site-scripting"),
        ("spotbugs", "PREDICTABLE_RANDOM", "weak-random"),
        ("semgrep", "java.lang.security.audit.anonymous-ldap-bind.anonymous-ldap-bind", "anonymous-bind"),
        ("Coverity", "DC.WEAK_CRYPTO", "weak-random"),
        ("tfsec", "aws-s3-enable-bucket-logging", "aws-bucket-logging"),
        ("trivy", "AVD-KSV-0017", "kube-privileged"),
        ("Trivy", "KSV017", "kube-privileged"),
        ("trivy", "AVD-DS-0002", "docker-root"),
        ("checkov", "CKV_SECRET_6", "hard-coded-secret"),
        ("eslint", "security/detect-eval-with-expression", "code-injection"),
        ("nodejsscan", "eval_nodejs", "code-injection"),
        ("bandit", "B999", ""),
        ("nobody", "B608", ""),
    ],
)
def test_what_rules_are_about(tool, rule, family):
    found = meaning(tool, rule)
    assert (found.family if found else "") == family


def test_roles():
    assert meaning("bandit", "B403") == Meaning("unpickling", 502, "imports")
    assert meaning("bandit", "B608").role == "builds"
    assert meaning("semgrep", "a.b.tainted-sql-string").role == "builds"
    assert meaning("bandit", "B301").role == ""


def test_a_tool_is_known_by_the_start_of_its_name_only_at_a_word():
    assert tool_key("Ruff 0.15") == "ruff"
    assert tool_key("ruffian") == "ruffian"


def test_every_rule_stands_once_and_every_weakness_exists():
    seen = {}
    for family, entry in TABLE.items():
        assert entry.get("cwe", 89) in weaknesses(), family
        roles = (entry, entry.get("imports", {}), entry.get("builds", {}))
        for tool, rules in ((tool, rules) for role in roles for tool, rules in role.items() if isinstance(rules, list)):
            for rule in rules:
                assert (tool, rule.lower()) not in seen, (family, seen.get((tool, rule.lower())))
                seen[tool, rule.lower()] = family
    assert len(seen) > 500


def labelled(case, tool, line):
    sighting = Sighting(tool, "r", f"{case}.py", line, cwes=(89,))
    return Labelled(sighting, case, case, "sqli")


def test_stacking_keeps_spans_and_puts_the_gap_between_them():
    rows = [labelled(case, tool, at) for case in ("a", "b", "c") for tool, at in (("one", 50), ("two", 53))]
    found = stacked(rows, gap=8, seed=1)
    assert found == stacked(rows, gap=8, seed=1)
    assert len({row.sighting.path for row in found}) == 1
    spans = sorted({tuple(sorted(row.sighting.line for row in found if row.case == case)) for case in "abc"})
    assert [last - first for first, last in spans] == [3, 3, 3]
    assert [spans[at + 1][0] - spans[at][1] for at in range(2)] == [8, 8]


def test_precision_and_recall_are_of_pairs():
    # One tool's line between two cases: one pair of three is right, and one of the two true pairs is found.
    rows = [labelled("a", "one", 5), labelled("b", "two", 5), labelled("a", "three", 5), labelled("b", "four", 200)]
    found = score([row._replace(sighting=row.sighting._replace(path="x.py")) for row in rows])
    assert (found.pairs, found.precision, found.recall) == (2, 0.3333, 0.5)


def test_figures_may_only_improve():
    before = {"code": {"precision": 0.99, "recall": 0.9}, "tracking": {"wrong carries": 0.01}}
    better = {"code": {"precision": 0.99, "recall": 0.95}, "new": {"recall": 0.1}, "tracking": {"wrong carries": 0.0}}
    assert worse(before, better) == []
    assert worse(before, {"code": {"precision": 0.98}}) == ["code: precision went from 0.99 to 0.98"]
    assert worse(before, {"tracking": {"wrong carries": 0.02}}) == ["tracking: wrong carries went from 0.01 to 0.02"]


def test_strangers_are_as_many_tools_as_asked_for_and_keep_what_they_say():
    rows = [labelled("a", tool, 5) for tool in ("one", "two", "three")]
    found, hidden = strangers(rows, seed=1)
    assert [row.sighting.tool for row in found] == [
        f"unknown {tool}" if tool in hidden else tool for tool in ("one", "two", "three")
    ]
    assert len(hidden) == 2


def test_thinning_drops_whole_test_cases_of_a_tool():
    rows = [labelled(f"case {at}", tool, line) for at in range(200) for tool in ("one", "two") for line in (5, 6)]
    found = thinned(rows, seed=1)
    assert 0.2 < len(found) / len(rows) < 0.4
    assert set(Counter((row.case, row.sighting.tool) for row in found).values()) == {2}


def test_shifting_moves_all_that_a_tool_says_of_a_case_alike():
    rows = [labelled(f"case {at}", "one", line)._replace(category="sqli") for at in range(20) for line in (50, 56)]
    found = shifted(rows, seed=1, share=1.0)
    pairs = list(zip(found[::2], found[1::2], strict=True))
    assert {second.sighting.line - first.sighting.line for first, second in pairs} == {6}
    steps = {first.sighting.line - 50 for first, _ in pairs}
    assert steps != {0}
    assert max(steps) - min(steps) <= 4
    assert [row.sighting for row in shifted(rows, seed=1, share=0.0)] == [row.sighting for row in rows]


def test_an_advisory_of_several_flaws_meets_the_issues_of_each():
    def row(tool, *names):
        finding = Finding(
            rule=names[0], title="t", severity=Severity.HIGH, kind=Kind.CONTAINER, vulnerabilities=names,
            component=Component(name="openssl", version="1"),
        )  # fmt: skip
        return packages.Row(tool, finding, frozenset((name, "openssl", "1") for name in names if name[0] == "C"))

    rows = [
        row("clair", "CVE-2020-1", "CVE-2020-2", "RHSA-2020:9"),
        row("grype", "CVE-2020-1"),
        row("trivy", "CVE-2020-2"),
    ]
    found = packages.score(rows)
    assert (found.findings, found.pairs, found.precision, found.recall) == (3, 2, 1.0, 1.0)


def test_the_speed_of_matching_is_measured_on_files_that_tools_share():
    told = speed.findings(300, 20)
    assert len(told) == 20
    assert 300 <= sum(map(len, told)) <= 303
    found = speed.measure(300, 20)
    assert found.clusters > 50
    assert min(found.sighting, found.match) > 0


def test_tracking_is_measured_alone_and_in_any_mixture(monkeypatch):
    asked = []

    def by_seed(edits, *, code, steps=60, most=4):
        asked.append((tuple(edits), code))
        return dict.fromkeys((tracking.OURS, tracking.CHECKOUT, tracking.BY_LINE), Tracked())

    monkeypatch.setattr(tracking, "by_seed", by_seed)
    names = [name for name, _, _ in tracking.measure()]
    assert len(names) == len(set(names)) == 10
    assert (("line shift",), True) in asked
    assert (("re-indent",), False) in asked


def test_small_reports_are_labelled_by_case_and_category(tmp_path):
    result = {
        "check_id": "xss", "path": "src/BenchmarkTest00007.java", "start": {"line": 3, "col": 1}, "end": {"line": 3, "col": 9},
        "extra": {"message": "m", "severity": "ERROR", "metadata": {"cwe": ["CWE-79: XSS"]}, "lines": "x"},
    }  # fmt: skip
    elsewhere = result | {"path": "src/Other.java"}
    report = {"results": [result, elsewhere], "errors": [], "version": "1.0.0", "paths": {"scanned": []}}
    (tmp_path / "Benchmark_semgrep-v1.0.json").write_text(json.dumps(report), "utf-8")
    (tmp_path / "Benchmark_nobody.txt").write_text("not a report", "utf-8")
    (found,) = samples.samples(tmp_path)
    assert (found.truth, found.sighting.tool, found.sighting.line) == (
        "BenchmarkTest00007 cross-site scripting code", "semgrep", 3,
    )  # fmt: skip
