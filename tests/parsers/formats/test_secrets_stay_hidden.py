"""Secrets leave no parser in the clear, and equal ones are still known to be equal."""

from __future__ import annotations

import msgspec
import pytest

from seamark.core.kind import Kind, Verification

from .reading import findings, read, sample

PLAIN = {
    "gitleaks/version_8.json": "AKIAQ7INVENTED7NOT42",
    "gitleaks/version_8.csv": "AKIAQ7INVENTED7NOT42",
    "gitleaks/version_7.json": "invented-passw0rd",
    "gitleaks/version_2.json": "AKIAQ7INVENTED7NOT42",
    "semgrep/pro.json": "AKIAQ7INVENTED7NOT42",
    "bandit/report.json": "correct horse battery",
    "bandit/report.csv": "correct horse battery",
    "bandit/report.xml": "correct horse battery",
    "github-secret-scanning/alerts.json": "aio_InventedInventedInvented42",
    "generic/own.json": "invented-key-material-42",
}


@pytest.mark.parametrize("name", PLAIN)
def test_secret_is_masked_everywhere(name: str) -> None:
    read_out = findings(sample(name))
    assert PLAIN[name] not in msgspec.json.encode(read_out).decode()
    assert any(finding.kind is Kind.SECRET and finding.secret_digest for finding in read_out)


def test_neighbouring_lines_of_a_password_are_not_shown() -> None:
    assert "another staple" not in msgspec.json.encode(findings(sample("bandit/report.json"))).decode()


def test_one_secret_has_one_digest_in_every_tool() -> None:
    names = ("gitleaks/version_8.json", "gitleaks/version_2.json", "semgrep/pro.json")
    digests = {finding.secret_digest for name in names for finding in findings(sample(name)) if "AKI" in finding.secret}
    assert len(digests) == 1


@pytest.mark.parametrize("left", ["REDACTED", "AKIA...", "*****"])
def test_redacted_secrets_are_not_taken_for_equal(left: str) -> None:
    leak = {"RuleID": "r", "File": "a", "Secret": left, "Match": left, "StartLine": 1}
    (finding,) = findings(read([leak]))
    assert not finding.secret_digest


def test_validity_is_kept() -> None:
    states = [finding.verification for finding in findings(sample("github-secret-scanning/alerts.json"))]
    assert states == [Verification.VERIFIED, Verification.REFUTED, Verification.UNVERIFIED]
    audited = [finding.verification for finding in findings(sample("detect-secrets/baseline.json"))]
    assert audited == [None, Verification.VERIFIED, Verification.REFUTED]
