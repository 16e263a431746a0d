"""Single facts of formats that say much between the lines: reachability, alerts of updates, attacks, lines of a search."""

from __future__ import annotations

import msgspec
import pytest

from seamark.core.component import Component, DependsOn
from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.kind import Kind, Reach, Verification
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity

from .reading import findings, read, run, sample, text_of

TOKEN = "ghp_" + "Inv3nted" * 4 + "N0t4"


def test_no_secret_of_ripsecrets_is_kept_in_the_clear() -> None:
    told = msgspec.json.encode(sample("ripsecrets/hits.txt")).decode()
    assert not [secret for secret in (TOKEN, "inv3nted-passw0rd", "inv3nt3dk3yn0tr3al42") if secret in told]


def test_two_secrets_in_one_line_are_two_findings() -> None:
    last = [
        one
        for one in findings(sample("ripsecrets/hits.txt"))
        if isinstance(one.location, CodeLocation) and one.location.path == "web/a.js"
    ]
    assert {one.rule for one in last} == {"assigned-secret", "github-token"}


def test_the_first_line_of_a_key_makes_no_two_keys_equal() -> None:
    keys = findings(read("a.pem:1:-----BEGIN RSA PRIVATE KEY-----\nb.pem:1:-----BEGIN RSA PRIVATE KEY-----\n"))
    assert [one.rule for one in keys] == ["private-key", "private-key"]
    assert not any(one.secret_digest for one in keys)


SEARCHES = {
    "a search for a word": 'app.py:3:password = "the_name_of_a_variable"\n',
    "one line that fits and one that does not": f"a.env:1:TOKEN={TOKEN}\nb.py:2:print(1)\n",
    "a compiler": f"a.c:1:2: warning: unused\nb.env:1:TOKEN={TOKEN}\n",
    "a line without a number": f"a.env:TOKEN={TOKEN}\n",
}


@pytest.mark.parametrize("what", SEARCHES)
def test_other_searches_are_not_taken_for_ripsecrets(what: str) -> None:
    with pytest.raises(UnknownFormat):
        read(SEARCHES[what])


def test_a_named_format_reads_what_ones_own_patterns_found() -> None:
    found = findings(read(f"a.env:1:TOKEN={TOKEN}\nb.py:2:acme-internal 4711\n", "ripsecrets"))
    assert [one.rule for one in found] == ["github-token", "custom-pattern"]
    assert "4711" not in msgspec.json.encode(found).decode()


def test_a_named_format_reads_only_matching() -> None:
    assert findings(read("a.env:1:inv3nt3dk3yn0tr3al42\n", "ripsecrets"))
    with pytest.raises(UnreadableReport):
        read("a.env:1:nothing of the kind\n", "ripsecrets")


def test_syft_draws_who_needs_whom_and_not_what_the_image_holds() -> None:
    items = sample("syft/image.json")
    names = {one.ref: one.name for one in items if isinstance(one, Component)}
    drawn = {(names[one.ref], *(names[ref] for ref in one.targets)) for one in items if isinstance(one, DependsOn)}
    assert drawn == {("orders", "log4j-core"), ("node", "libssl3")}


@pytest.mark.parametrize("name", ["syft/image.json", "docker-scout/sbom.json"])
def test_an_inventory_closes_nothing(name: str) -> None:
    assert run(sample(name)).ruleset == frozenset()


def test_docker_scout_that_looked_for_flaws_has_a_ruleset_nobody_knows() -> None:
    assert run(sample("docker-scout/cves.json")).ruleset is None


def test_a_secret_in_an_image_is_hidden() -> None:
    told = sample("docker-scout/cves.json")
    assert "AKIAQ7INVENTED7NOT42" not in msgspec.json.encode(told).decode()
    assert [one.rule for one in findings(told) if one.kind is Kind.SECRET] == ["aws-access-key-id"]


def test_a_blocking_finding_of_endor_labs_is_told_once() -> None:
    rules = [one.rule for one in findings(sample("endor-labs/scan.json"))]
    assert len(rules) == len(set(rules)) == 5


def test_endor_labs_says_what_can_run() -> None:
    reach = {one.rule: one.reach for one in findings(sample("endor-labs/scan.json"))}
    assert reach["GHSA-jfh8-c2jp-5v3q"] is Reach.STATIC
    assert reach["GHSA-c2qf-rxjj-qqgw"] is Reach.UNREACHABLE
    assert reach["outdated_base_image"] is Reach.POTENTIAL
    assert reach["secret_detected"] is None


def test_one_page_of_endor_labs_is_not_complete() -> None:
    assert run(sample("endor-labs/list.json")).complete is False


def test_renovate_tells_vulnerable_packages_from_old_ones() -> None:
    items = sample("renovate/report.json")
    assert {one.component.name for one in findings(items) if one.component} == {
        "semver",
        "requests",
        "golang.org/x/net",
    }
    assert "lodash" in {one.name for one in items if isinstance(one, Component)}


def test_contrast_protect_grades_by_what_came_of_it() -> None:
    graded = {one.severity_given: one for one in findings(sample("contrast-protect/security.log"))}
    assert {word: one.severity for word, one in graded.items()} == {
        "EXPLOITED": Severity.HIGH,
        "SUSPICIOUS": Severity.MEDIUM,
        "BLOCKED": Severity.LOW,
        "INEFFECTIVE": Severity.INFO,
    }
    assert graded["EXPLOITED"].verification is Verification.VERIFIED
    assert graded["BLOCKED"].verification is None


def test_contrast_protect_guesses_no_year() -> None:
    seen = {one.severity_given: one.seen_at for one in findings(sample("contrast-protect/security.log"))}
    assert seen["EXPLOITED"] == "2026-10-22T18:09:18.532000Z"
    assert seen["INEFFECTIVE"] == ""


def test_deepsource_answers_the_same_in_every_spelling() -> None:
    plain, camel = (findings(sample(f"deepsource/{name}.json")) for name in ("run_vulnerabilities", "answer"))
    assert plain[0].fixed_versions == camel[-1].fixed_versions == ("2.20.0",)
    assert plain[0].cvss == camel[-1].cvss
    assert plain[0].epss == camel[-1].epss


def test_what_detectify_was_told_to_accept_is_suppressed() -> None:
    accepted = [one for one in findings(sample("detectify/vulnerabilities.json")) if one.suppression]
    assert [one.vulnerabilities for one in accepted] == [("CVE-2021-41773",)]


def test_github_answers_are_not_taken_for_deepsource() -> None:
    answer = '{"data": {"repository": {"issues": {"edges": [{"node": {"title": "Bug", "number": 1}}]}}}}'
    with pytest.raises(UnknownFormat):
        read(answer)


def test_an_event_of_another_log_in_the_middle_is_passed_over() -> None:
    text = text_of("contrast-protect/security.log")
    assert len(findings(read(text))) == text.count("|SECURITY|")
