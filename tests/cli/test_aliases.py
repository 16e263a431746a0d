"""The names of flaws on the command line."""

from __future__ import annotations

import json

import pytest

from seamark.core.finding import Finding as Read
from seamark.core.severity import Severity
from seamark.store.models import Issue
from tests.factories import import_findings, package

from .conftest import Command

pytestmark = pytest.mark.django_db
CVE, GHSA = "CVE-2024-35195", "GHSA-9wx4-h78v-vm56"


@pytest.fixture(autouse=True)
def flaws() -> None:
    one = package(CVE, "pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")
    for tool, names in (("Grype", (GHSA,)), ("OSV", (CVE, GHSA))):
        said = Read(rule=names[0], title=one.title, severity=one.severity, kind=one.kind, component=one.component, location=one.location, vulnerabilities=names)  # fmt: skip
        import_findings("shop", tool, [said])


def test_shown_revoked_and_restored(seamark: Command) -> None:
    assert GHSA in seamark("aliases", CVE.lower()).out
    said = seamark("aliases", CVE, "--revoke", GHSA).out
    references = [issue.reference for issue in Issue.objects.filter(merged_into=None).order_by("id")]
    assert len(references) == 2
    assert said == f"{CVE} is not {GHSA}; {', '.join(references)} changed\n"
    assert "by command line" in seamark("aliases", GHSA).out
    assert json.loads(seamark("aliases", GHSA, "--json").out)["revoked_at"]
    assert seamark("aliases", GHSA, "--restore", CVE).code == 0
    assert Issue.objects.filter(merged_into=None).count() == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["CVE-1999-1"], "No report has named CVE-1999-1"),
        ([CVE, "--revoke", "nonsense"], "No report has named nonsense"),
        ([CVE, "--restore", GHSA], "was not revoked"),
        ([CVE, "--revoke", GHSA, "--restore", GHSA], "Either --revoke or --restore"),
    ],
)
def test_bad_input_is_told(seamark: Command, words: list[str], complaint: str) -> None:
    result = seamark("aliases", *words)
    assert result.code != 0
    assert complaint in result.err
    assert "Traceback" not in result.err


def test_a_flaw_with_one_name(seamark: Command) -> None:
    one = package("CVE-2020-1", "npm/x", "1", "2", Severity.LOW, 2.0, "t")
    import_findings("shop", "Trivy", [one])
    assert seamark("aliases", "CVE-2020-1").out == "Nobody says that CVE-2020-1 has another name.\n"
