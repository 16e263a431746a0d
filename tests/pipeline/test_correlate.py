"""Correlation of reports in memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from seamark.core.errors import UnreadableReport
from seamark.intake.discovery.checkout import WorkingTree
from seamark.pipeline.correlate import correlate
from seamark.pipeline.correlated import Correlation, Issue
from seamark.pipeline.gather import Gathered

from .reports import RULES, grype, hit, osv, sarif, trivy, write

LOG4J = {"id": "CVE-2021-44228", "ghsa": "GHSA-jfh8-c2jp-5v3q", "package": "org.apache:log4j-core", "version": "2.14.1"}
Correlate = Callable[..., Correlation]


@pytest.fixture
def together(tmp_path: Path) -> Correlate:
    """Return a function that correlates reports, given by name in the order of reading."""

    def run(source: Path | None = None, /, **contents: Any) -> Correlation:
        gathered = Gathered()
        for name, content in contents.items():
            gathered.read(write(tmp_path / name, content), name)
        return correlate(gathered, WorkingTree(source) if source is not None else None)

    return run


def partition(found: Correlation) -> set[frozenset[tuple[str, int]]]:
    """Return the findings of each issue."""
    return {frozenset((one.report, one.index) for one in issue.findings) for issue in found.issues}


def only(found: Correlation) -> Issue:
    (issue,) = found.issues
    return issue


def test_two_tools_are_one_issue_with_reasons(together: Correlate) -> None:
    found = together(a=sarif([hit(level="error"), hit(line=99)]), b=sarif([hit(line=11)], tool="Other"))
    assert partition(found) == {frozenset({("a", 0), ("b", 0)}), frozenset({("a", 1)})}
    joined, single = found.issues
    assert (joined.tools, joined.severity, joined.cwes, joined.place) == (("Acme", "Other"), "high", (89,), "app.py:10")
    (pair,) = joined.reasons
    assert {pair.left, pair.right} == {("a", 0), ("b", 0)}
    assert (pair.confidence, joined.confidence) == (0.9, 0.9)
    assert sum(weight for _, weight in pair.reasons) == pytest.approx(pair.confidence)
    assert (single.confidence, single.reasons, single.tools) == (1.0, (), ("Acme",))
    assert [(one.path, one.format, one.tools, one.findings) for one in found.reports] == [
        ("a", "sarif", ("Acme",), 2),
        ("b", "sarif", ("Other",), 1),
    ]


def test_confidence_is_that_of_the_weakest_pair(together: Correlate) -> None:
    found = together(a=sarif([hit()]), b=sarif([hit()], tool="Other"), c=sarif([hit(line=12)], tool="Third"))
    issue = only(found)
    assert len(issue.reasons) == 2
    assert (
        issue.confidence
        == min(pair.confidence for pair in issue.reasons)
        < max(pair.confidence for pair in issue.reasons)
    )


def test_what_only_may_be_one_is_suggested(together: Correlate) -> None:
    found = together(
        a=sarif([hit(line=10), hit(line=14)]),
        b=sarif([hit(line=12)], tool="Other"),
    )
    assert len(found.issues) == 3
    suggested = found.suggestions[0]
    assert 0.6 <= suggested.confidence < 0.85
    assert set(suggested.issues) <= {issue.id for issue in found.issues}
    assert {suggested.left[0], suggested.right[0]} == {"a", "b"}


def test_names_of_one_flaw_are_one_issue(together: Correlate) -> None:
    row = {**LOG4J, "fixed": "2.15.0"}
    ghsa_only = grype([{**row, "id": row["ghsa"]}])
    found = together(trivy=trivy([row]), grype=ghsa_only, osv=osv([row]))
    issue = only(found)
    assert issue.confidence == 0.95
    assert issue.vulnerabilities == ("CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q")
    assert issue.reasons[0].reasons == (("same flaw", 0.5), ("same package", 0.45))
    assert issue.component is not None
    assert (issue.component.versions, issue.component.fixed_versions) == (("2.14.1",), ("2.15.0",))
    assert [(fix.kind, fix.target, fix.issues) for fix in found.fixes] == [("upgrade", "2.15.0", (issue.id,))]


def test_without_who_says_so_names_are_of_two_flaws(together: Correlate) -> None:
    found = together(trivy=trivy([LOG4J]), grype=grype([{**LOG4J, "id": LOG4J["ghsa"]}]))
    assert len(found.issues) == 2


def test_an_advisory_of_several_flaws_is_of_each(together: Correlate) -> None:
    generic = {
        "findings": [
            {
                "title": "RHSA-2024:1 openssl",
                "severity": "High",
                "vulnerability_ids": ["CVE-2024-1111", "CVE-2024-2222"],
                "component_name": "openssl",
                "component_version": "3.0",
            }
        ]
    }
    rows = [
        {"id": f"CVE-2024-{number}", "package": "openssl:openssl", "version": "3.0"} for number in (1111, 2222, 3333)
    ]
    found = together(advisory=generic, trivy=trivy(rows))
    assert partition(found) == {
        frozenset({("advisory", 0), ("trivy", 0)}),
        frozenset({("advisory", 0), ("trivy", 1)}),
        frozenset({("trivy", 2)}),
    }


def image(name: str, rows: list[dict[str, Any]], labels: dict[str, str] | None = None, **more: str) -> dict[str, Any]:
    """Return a Trivy report of an image."""
    report = trivy(rows, "Java")
    report.update(
        ArtifactName=name,
        ArtifactType="container_image",
        Metadata={"ImageConfig": {"config": {"Labels": labels or {}}}},
    )
    report["Results"][0].update(more)
    return report


def test_one_image_and_the_lock_file_are_one_application(together: Correlate) -> None:
    found = together(lock=trivy([LOG4J]), image=image("acme/shop:1", [LOG4J]), again=image("acme/shop:2", [LOG4J]))
    assert len(only(found).findings) == 3
    assert only(found).asset == ""


BUILT = {"org.opencontainers.image.source": "https://git.example/acme/shop"}


@pytest.mark.parametrize("built", [True, False])
def test_several_images_are_told_apart_as_far_as_relations_say(together: Correlate, built: bool) -> None:
    labels = BUILT if built else {}
    found = together(
        lock=trivy([LOG4J]),
        shop=image("acme/shop:1", [LOG4J], labels),
        mail=image("acme/mail:1", [LOG4J]),
    )
    own = {frozenset({("mail", 0)})}
    of_shop = {frozenset({("lock", 0), ("shop", 0)})} if built else {frozenset({("lock", 0)}), frozenset({("shop", 0)})}
    assert partition(found) == own | of_shop
    assert {issue.asset for issue in found.issues} == ({"", "acme/mail"} if built else {"", "acme/mail", "acme/shop"})


def test_an_alert_from_another_container_changes_nothing_for_the_others(together: Correlate) -> None:
    def alert(name: str) -> dict[str, Any]:
        text = "log4j-core: /app/lib/log4j-core-2.14.1.jar was opened"
        place = {"place": "image", "image": name}
        one = {
            "title": "A library was loaded",
            "severity": "high",
            "kind": "runtime",
            "location": place,
            "description": text,
        }
        return {"findings": [one]}

    contents = {"lock": trivy([LOG4J]), "image": image("registry.example/acme/shop:1", [LOG4J])}
    for name, confirmed in (("acme/other:7", 0), ("registry.example/acme/shop:1", 1)):
        found = together(**contents, alert=alert(name))
        assert frozenset({("lock", 0), ("image", 0)}) in partition(found)
        assert [one.how for one in found.corroborations] == ["runtime"] * confirmed


def test_a_package_of_the_system_belongs_to_the_base_image(together: Correlate) -> None:
    def system(name: str, base: str = "") -> dict[str, Any]:
        report = image(name, [], {"org.opencontainers.image.base.name": base} if base else {})
        flaw = {
            "VulnerabilityID": "CVE-2023-1234", "PkgName": "zlib", "InstalledVersion": "1.2", "Severity": "HIGH", "Title": "zlib flaw",
            "PkgIdentifier": {"PURL": "pkg:deb/debian/zlib@1.2?distro=debian-12"},
        }  # fmt: skip
        report["Results"] = [
            {"Target": f"{name} (debian 12)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [flaw]}
        ]
        return report

    based = together(shop=system("acme/shop:1", "debian:12"), mail=system("acme/mail:1", "debian:12"))
    assert only(based).asset == "debian"
    alone = together(shop=system("acme/shop:1", "debian:12"), mail=system("acme/mail:1"))
    assert {issue.asset for issue in alone.issues} == {"debian", "acme/mail"}


REPORTS: dict[str, Any] = {
    "a": sarif([hit(line=10), hit(line=40, level="error"), hit(RULES[1], "b.py", 3)]),
    "b": sarif([hit(path="/builds/shop/app.py"), hit(path="/builds/shop/app.py", line=42)], tool="Other"),
    "c": trivy([LOG4J, {**LOG4J, "id": "CVE-2021-45046"}]),
    "d": grype([LOG4J]),
}


def test_the_order_of_the_reports_changes_nothing(together: Correlate) -> None:
    first = together(**REPORTS)
    assert len([issue for issue in first.issues if len(issue.tools) > 1]) == 3
    for names in permutations(REPORTS):
        found = together(**{name: REPORTS[name] for name in names})
        assert found.issues == first.issues
        assert (found.fixes, set(found.suggestions)) == (first.fixes, set(first.suggestions))


def test_ids_are_the_same_every_time_and_each_once(together: Correlate) -> None:
    minified = [hit(line=1, message=f"m {number}") for number in range(3)]
    for number, one in enumerate(minified):
        one["path"] = f"{number % 2}.js"
    contents = {**REPORTS, "e": sarif(minified, tool="Lint")}
    ids = [issue.id for issue in together(**contents).issues]
    assert len(set(ids)) == len(ids)
    assert ids == [issue.id for issue in together(**contents).issues]
    smaller = {issue.id for issue in together(c=REPORTS["c"]).issues}
    assert smaller <= set(ids), "an issue keeps its id where other reports come in"


def test_a_report_given_twice_makes_no_more_issues(together: Correlate) -> None:
    once = together(**REPORTS)
    twice = together(**REPORTS, **{f"{name}2": content for name, content in REPORTS.items()})
    assert [issue.id for issue in twice.issues] == [issue.id for issue in once.issues]
    assert all(issue.tools == before.tools for issue, before in zip(twice.issues, once.issues, strict=True))


def test_findings_without_a_place_are_one_by_rule_and_title(together: Correlate) -> None:
    def without(tool: str, *messages: str) -> dict[str, Any]:
        content = sarif([hit(message=message) for message in messages], tool=tool)
        for result in content["runs"][0]["results"]:
            del result["locations"]
        return content

    found = together(
        a=without("Acme", "No backups are made", "Nobody is on call"), b=without("Other", "No backups are made")
    )
    assert partition(found) == {frozenset({("a", 0), ("b", 0)}), frozenset({("a", 1)})}
    assert found.issues[0].reasons[0].reasons[0][0] == "same rule"


def test_what_is_set_aside_stays_in_and_is_marked(together: Correlate) -> None:
    found = together(
        a=sarif([hit(suppressed=True), hit(line=50, suppressed=True)]),
        b=sarif([hit()], tool="Other"),
    )
    joined, alone = found.issues
    assert [one.suppressed for one in joined.findings] == [True, False]
    assert (joined.suppressed, alone.suppressed) == (False, True)


def test_a_finding_that_is_set_aside_needs_no_fix(together: Correlate) -> None:
    row = {**LOG4J, "fixed": "2.15.0"}
    cyclonedx = {
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "components": [{"bom-ref": "x", "type": "library", "name": "log4j-core", "version": "2.14.1", "purl": "pkg:maven/org.apache/log4j-core@2.14.1"}],
        "vulnerabilities": [{"id": row["id"], "affects": [{"ref": "x"}], "analysis": {"state": "not_affected"}}],
    }  # fmt: skip
    assert together(vex=cyclonedx).fixes == ()
    assert only(together(vex=cyclonedx)).suppressed
    both = together(vex=cyclonedx, trivy=trivy([row]))
    assert not only(both).suppressed
    assert len(both.fixes) == 1


def test_the_worst_finding_with_the_best_words_names_the_issue(together: Correlate) -> None:
    found = together(
        a=sarif([hit(message="py/sql-injection")]),
        b=sarif([hit(message="A query is built from text that a caller sends, which is bad")], tool="B"),
        c=sarif([hit(message="A query is built from text")], tool="C"),
    )
    assert only(found).title == "A query is built from text"
    worse = together(
        a=sarif([hit(message="py/sql-injection", level="error")]),
        c=sarif([hit(message="A query is built from text")], tool="C"),
    )
    assert only(worse).title == "py/sql-injection"


def test_the_worst_comes_first_then_what_most_tools_see(together: Correlate) -> None:
    found = together(
        a=sarif([hit(path="z.py", level="error"), hit(path="b.py"), hit(path="a.py")]),
        b=sarif([hit(path="b.py")], tool="Other"),
    )
    assert [issue.place for issue in found.issues] == ["z.py:10", "b.py:10", "a.py:10"]


CODE = """def search(term):
    return run("select " + term)
def other(term):
    return run("delete " + term)
"""


def test_functions_of_the_source_keep_apart_what_lines_do_not(together: Correlate, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(CODE, "utf-8")
    contents = {"a": sarif([hit(line=2)]), "b": sarif([hit(line=4)], tool="Other")}
    without = together(**contents)
    told = together(tmp_path / "src", **contents)
    assert (len(without.issues), len(told.issues)) == (1, 2)
    everywhere = {(one.report, one.index) for issue in told.issues for one in issue.findings}
    assert everywhere == {("a", 0), ("b", 0)}
    assert not any("snippet" in one.location for issue in told.issues for one in issue.findings)


def test_the_source_says_which_file_a_path_means(together: Correlate, tmp_path: Path) -> None:
    (tmp_path / "src" / "app").mkdir(parents=True)
    (tmp_path / "src" / "app" / "main.py").write_text(CODE, "utf-8")
    contents = {
        "a": sarif([hit(path="/one/app/main.py", line=2)]),
        "b": sarif([hit(path="/two/app/main.py", line=2)], tool="Other"),
    }
    assert len(together(**contents).issues) == 2
    issue = only(together(tmp_path / "src", **contents))
    assert issue.place == "app/main.py:2"
    assert {one.location["path"] for one in issue.findings} == {"/one/app/main.py", "/two/app/main.py"}


def zap(url: str) -> dict[str, Any]:
    alert = {
        "pluginid": "40018", "alertRef": "40018", "alert": "SQL Injection", "name": "SQL Injection", "riskcode": "3", "confidence": "2",
        "riskdesc": "High (Medium)", "desc": "<p>x</p>", "cweid": "89", "wascid": "19", "count": "1", "solution": "", "reference": "",
        "instances": [{"uri": url, "method": "GET", "param": "term", "attack": "'", "evidence": ""}],
    }  # fmt: skip
    site = {"@name": "https://shop.example", "@host": "shop.example", "@port": "443", "@ssl": "true", "alerts": [alert]}
    return {"@programName": "ZAP", "@version": "2.16.0", "@generated": "Mon, 4 May 2026 10:00:00", "site": [site]}


FLASK = """from flask import Flask, request
app = Flask(__name__)

@app.route("/search")
def search():
    return run("select " + request.args["term"])
"""


def test_an_attack_confirms_the_code_behind_its_route(together: Correlate, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(FLASK, "utf-8")
    contents = {"zap": zap("https://shop.example/search?term=x"), "code": sarif([hit(line=6)])}
    assert together(**contents).corroborations == ()
    found = together(tmp_path / "src", **contents)
    (one,) = found.corroborations
    by_id = {issue.id: issue for issue in found.issues}
    assert (by_id[one.issue].kind, by_id[one.confirmed_by].kind, one.how) == ("code", "web", "dast")
    assert one.confidence >= 0.6


def test_an_unreadable_report_leaves_nothing(tmp_path: Path) -> None:
    gathered = Gathered()
    spoiled = sarif([hit(), hit()])
    spoiled["runs"][0]["results"][1]["ruleId"] = {"no": "rule"}
    with pytest.raises(UnreadableReport):
        gathered.read(write(tmp_path / "spoiled", spoiled), "spoiled")
    assert (gathered.reports, gathered.told, gathered.runs) == ([], [], [])
    assert correlate(gathered).issues == ()


def test_no_database_is_imported() -> None:
    code = (
        "import sys; import seamark.pipeline.correlate, seamark.interfaces.cli.commands.correlate_; "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in {'django', 'psycopg'} or name.startswith('seamark.store')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
