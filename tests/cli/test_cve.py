"""`seamark cve`: are we affected, on the command line."""

from __future__ import annotations

import json
from datetime import date

import pytest

from seamark.store.models import Application, Control, EpssPoint, Exploitation, Issue
from seamark.store.models.issues import State
from tests.cli.conftest import Command
from tests.pipeline.estate import make_estate

pytestmark = pytest.mark.django_db
FLASK, UNSEEN = "CVE-2023-30861", "CVE-1999-0001"


@pytest.fixture(autouse=True)
def shop() -> Application:
    return make_estate()


def test_the_four_questions(seamark: Command, shop: Application) -> None:
    Exploitation.objects.create(
        name=FLASK, epss=0.61, epss_date=date(2026, 11, 1), kev_added=date(2026, 5, 3), kev_due=date(2026, 5, 24), ransomware=True, catalogues="KEV",
        exploits="Metasploit", ssvc="active/yes/total", snapshot="EPSS v4",
    )  # fmt: skip
    EpssPoint.objects.create(name=FLASK, day=date(2026, 10, 2), epss=0.02)
    Control.objects.create(application=shop, name="Cookies are stripped", expires=date(2099, 1, 1))
    out = seamark("cve", FLASK.lower()).out
    for words in (
        f"{FLASK} Session cookies leak", "Affected: 1 open issue in 1 application", "1 component in an inventory matches",
        "Known exploited since 2026-05-03, by ransomware, due 2026-05-24 (KEV)", "EPSS 61.00% on 2026-11-01, 2.00% on 2026-10-02", "Exploits: Metasploit",
        "SSVC (CISA): exploitation active, automatable yes, impact total", "CVSS 3.1 7.5", "It runs.", "tools report the flaw in 2.0.0 elsewhere",
        "Upgrade flask to 2.2.5", "2.2.5", "Control in Storefront: Cookies are stripped until 2099-01-01", "never loaded",
    ):  # fmt: skip
        assert words in out, words


def test_what_nobody_has_seen(seamark: Command) -> None:
    out = seamark("cve", UNSEEN).out
    for words in ("Never seen, and so not known", "No feed that is loaded says anything of it.", "In no issue.", "Nowhere: no issue is open.", "No report says how."):  # fmt: skip
        assert words in out
    assert "Possibly affected" in seamark("cve", UNSEEN, "--package", "flask < 2.1").out
    assert "holds no version of flask < 1" in seamark("cve", UNSEEN, "--package", "flask < 1").out


def test_json(seamark: Command) -> None:
    found = json.loads(seamark("cve", FLASK, "--json").out)
    issue = Issue.objects.get(vulnerability__names__name=FLASK)
    assert found["issues"] == [issue.reference]
    assert found["runs"]["applications"][0]["riskiest"] == issue.risk / 10
    Issue.objects.filter(pk=issue.pk).update(state=State.DISMISSED, resolution="accepted", open=False)
    assert json.loads(seamark("cve", FLASK, "--json").out)["verdict"]["status"] == "accepted"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(["a b"], "is no name of a vulnerability"), ([UNSEEN, "--package", "flask <"], "no version behind <")],
)
def test_bad_input_is_told(seamark: Command, words: list[str], complaint: str) -> None:
    result = seamark("cve", *words)
    assert result.code == 2
    assert complaint in result.err
