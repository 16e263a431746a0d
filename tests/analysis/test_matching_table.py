"""The table of rules, and what measures the matcher."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml
from benchmarks.accuracy.__main__ import worse
from benchmarks.accuracy.labelled import Labelled, stacked
from benchmarks.accuracy.score import Score, score

from seamark.analysis.correlation.equivalence import Meaning, meaning, tool_key
from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.weakness import weaknesses

TABLE = yaml.safe_load(files("seamark.analysis.correlation").joinpath("data/rules.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("tool", "rule", "family"),
    [
        ("bandit", "B608", "sql-injection"),
        ("ruff", "S608", "sql-injection"),
        ("Semgrep OSS", "python.lang.security.audit.formatted-sql-query", "sql-injection"),
        ("semgrep-1.182", "bandit.B301", ""),
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
    before = {"code": {"precision": 0.99, "recall": 0.9}}
    assert worse(before, {"code": Score(1, 1, 0.99, 0.95, 0, 1.0), "new": Score(1, 1, 0.1, 0.1, 0, 1.0)}) == []
    assert worse(before, {"code": Score(1, 1, 0.98, 0.9, 0, 1.0)}) == ["code: precision fell from 0.99 to 0.98"]
