"""Virtual patches: rules that fit the place, kept as controls that cover no more than it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import yaml
from click.testing import CliRunner
from django.test import Client
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation, WebLocation
from seamark.core.severity import Severity
from seamark.interfaces.cli.main import main
from seamark.pipeline import shielding
from seamark.response.remediation.shields import FIRST_ID, shields
from seamark.store.models import Control, Issue, LedgerEntry
from seamark.store.models.people import Role
from tests.factories import import_findings, make_person


def found(url: str, cwe: int, parameter: str = "q", method: str = "GET") -> Finding:
    place = WebLocation(url=url, method=method, parameter=parameter)
    return Finding(rule="r", title="A flaw", severity=Severity.HIGH, kind=Kind.WEB, cwes=(cwe,), location=place)


def test_a_rule_for_the_place_alone() -> None:
    (rule,) = shields(found("https://shop.example/orders/17/lines?q=1", 89), 12)
    assert rule.text == (
        f'SecRule REQUEST_FILENAME "@rx ^/orders/[^/]+/lines$" "id:{FIRST_ID + 12},phase:2,deny,status:403,log,t:none,t:normalizePath,'
        "msg:'Seamark SM-12: SQL injection',tag:'seamark/SM-12',chain\"\n"
        '    SecRule REQUEST_METHOD "@streq GET" "t:none,chain"\n'
        '        SecRule ARGS:q "@detectSQLi" "t:none,t:urlDecodeUni"\n'
    )


@pytest.mark.parametrize(
    ("url", "parameter", "method"),
    [
        ('https://x.example/a"b', "q", "GET"), ("https://x.example/a'b", "q", "GET"), ("https://x.example/a b", "q", "GET"),
        ("https://x.example/a\\b", "q", "GET"), ("https://x.example/ü", "q", "GET"),
    ],
)  # fmt: skip
def test_hostile_places_give_no_rule(url: str, parameter: str, method: str) -> None:
    assert shields(found(url, 89, parameter, method), 1) == ()


def test_hostile_parameters_stay_out_of_the_rule() -> None:
    (rule,) = shields(found("https://x.example/a", 79, 'q" "deny', 'GET" "x'), 1)
    assert 'q"' not in rule.text
    assert "GET" not in rule.text
    assert "SecRule ARGS " in rule.text


def test_weaknesses_by_their_ancestors_and_none_that_fits() -> None:
    assert shields(found("https://x.example/a", 80), 1) == ()
    assert (
        shields(found("https://x.example/a", 80), 1, (79,))[0].title == "A rule against cross-site scripting at GET /a"
    )
    code = Finding(rule="r", title="t", severity=Severity.HIGH, kind=Kind.CODE, location=CodeLocation(path="a.py"))
    assert shields(code, 1) == ()


def test_policies_are_what_clusters_read() -> None:
    network = shields(found("https://x.example/a", 918), 7)[1]
    policy = yaml.safe_load(network.text)
    assert (network.kind, policy["kind"], policy["spec"]["policyTypes"]) == ("network", "NetworkPolicy", ["Egress"])
    place = ImageLocation(image="registry.example/shop:1", digest="sha256:" + "a" * 64)
    image = Finding(rule="r", title="t", severity=Severity.HIGH, kind=Kind.CONTAINER, location=place)
    (admission,) = shields(image, 7)
    rule, binding = yaml.safe_load_all(admission.text)
    assert (rule["kind"], binding["spec"]["policyName"]) == ("ValidatingAdmissionPolicy", "seamark-sm-7")
    assert f"registry.example/shop:1@sha256:{'a' * 64}'" in rule["spec"]["validations"][0]["expression"]
    nasty = Finding(
        rule="r",
        title="t",
        severity=Severity.HIGH,
        kind=Kind.CONTAINER,
        location=ImageLocation(image="x' || true || '"),
    )
    assert shields(nasty, 7) == ()


@pytest.fixture
def issue(db: None) -> Issue:
    import_findings(
        "shop", "Proxy", [found("https://shop.example/orders/search?q=1", 89), found("https://shop.example/other", 89)]
    )
    return Issue.objects.get(place__contains="orders")


def test_kept_as_a_control_of_its_place_alone(issue: Issue) -> None:
    until = timezone.now().date() + timedelta(days=30)
    other = Issue.objects.exclude(pk=issue.pk).get()
    before = (issue.risk, other.risk)
    row = shielding.put_in_place(make_person("ann", Role.APPROVER), issue, "waf", "change 12", until)
    issue.refresh_from_db()
    other.refresh_from_db()
    assert (issue.risk < before[0], other.risk) == (True, before[1])
    assert (row.expires, row.kind, LedgerEntry.objects.filter(kind="control").count()) == (until, "waf", 1)


def test_who_may_and_for_how_long(issue: Issue) -> None:
    today = timezone.now().date()
    with pytest.raises(NotAllowed, match="one of the roles"):
        shielding.put_in_place(make_person("dev", Role.DEVELOPER), issue, "waf", "p", today)
    cases: list[tuple[str, str, date, str]] = [
        ("waf", "p", today - timedelta(days=1), "90 days"), ("waf", "p", today + timedelta(days=91), "90 days"), ("waf", " ", today, "what shows"),
        ("network", "p", today, "No virtual patch"),
    ]  # fmt: skip
    for kind, proof, until, words in cases:
        with pytest.raises(NotAllowed, match=words):
            shielding.put_in_place(None, issue, kind, proof, until)
    issue.cwe = None
    with pytest.raises(NotAllowed, match="narrowly"):
        shielding.put_in_place(None, issue, "waf", "p", today)
    assert not Control.objects.exists()


def test_command_line(issue: Issue) -> None:
    run = CliRunner()
    shown = run.invoke(main, ["fix", "shield", issue.reference, "--json"])
    assert (shown.exit_code, [one["kind"] for one in json.loads(shown.output)]) == (0, ["waf"])
    assert "@detectSQLi" in run.invoke(main, ["fix", "shield", issue.reference]).output
    assert run.invoke(main, ["fix", "shield", "SM-999999"]).exit_code == 1
    assert run.invoke(main, ["fix", "shield", issue.reference, "--keep", "waf"]).exit_code == 2
    until = (timezone.now().date() + timedelta(days=5)).isoformat()
    kept = run.invoke(
        main, ["fix", "shield", issue.reference, "--keep", "waf", "--until", until, "--proof", "change 12"]
    )
    assert (kept.exit_code, Control.objects.count()) == (0, 1), kept.output


@pytest.fixture
def approver(client: Client, issue: Issue) -> Client:
    client.force_login(make_person("ann", Role.APPROVER))
    return client


def test_the_api_suggests_keeps_lists_and_withdraws(approver: Client, issue: Issue) -> None:
    at = f"/api/v1/issues/{issue.reference}/virtual-patches"
    told = approver.get(at).json()
    assert ([one["kind"] for one in told["suggested"]], told["kept"], told["may_keep"]) == (["waf"], [], True)
    until = (timezone.now().date() + timedelta(days=30)).isoformat()
    asked = {"kind": "waf", "proof": "change 12", "until": until}
    made = approver.post(at, asked, content_type="application/json")
    assert made.status_code == 201, made.content
    kept = made.json()
    assert (kept["issue"], kept["until"], kept["counts"]) == (issue.reference, until, True)
    before = issue.risk
    issue.refresh_from_db()
    assert issue.risk < before
    assert [one["id"] for one in approver.get("/api/v1/virtual-patches").json()["items"]] == [kept["id"]]
    assert approver.get(at).json()["kept"] == [kept]
    assert approver.delete(f"/api/v1/virtual-patches/{kept['id']}").status_code == 204
    issue.refresh_from_db()
    assert (issue.risk, Control.objects.exists()) == (before, False)
    assert LedgerEntry.objects.filter(kind="control").count() == 2
    refused = approver.post(at, {**asked, "until": "2100-01-01"}, content_type="application/json")
    assert (refused.status_code, "90 days" in refused.content.decode()) == (403, True)


def test_the_api_refuses_who_may_not(client: Client, issue: Issue) -> None:
    until = timezone.now().date().isoformat()
    row = shielding.put_in_place(None, issue, "waf", "change 12", timezone.now().date())
    at = f"/api/v1/issues/{issue.reference}/virtual-patches"
    client.force_login(make_person("dev", Role.DEVELOPER))
    assert client.get(at).json()["may_keep"] is False
    assert client.post(at, {"kind": "waf", "proof": "p", "until": until}, content_type="application/json").status_code == 403  # fmt: skip
    assert client.delete(f"/api/v1/virtual-patches/{row.pk}").status_code == 403
    client.force_login(make_person("eve"))
    assert client.get(at).status_code == 404
    assert client.get("/api/v1/virtual-patches").json()["items"] == []
    assert client.delete(f"/api/v1/virtual-patches/{row.pk}").status_code == 404
    assert Control.objects.filter(pk=row.pk).exists()


def test_only_virtual_patches_are_withdrawn_there(approver: Client, issue: Issue) -> None:
    other = Control.objects.create(application=issue.application, name="Guard dog", origin="seamark.yaml")
    assert approver.delete(f"/api/v1/virtual-patches/{other.pk}").status_code == 404


def test_the_screens(approver: Client, issue: Issue) -> None:
    page = approver.get(f"/issues/{issue.reference}/")
    assert f'hx-get="/issues/{issue.reference}/virtual-patches/"' in page.content.decode()
    shown = approver.get(f"/issues/{issue.reference}/virtual-patches/").content.decode()
    assert "@detectSQLi" in shown
    assert "Nothing is put in place from here" in shown
    until = (timezone.now().date() + timedelta(days=5)).isoformat()
    asked = {"kind": "waf", "proof": "change <b>12</b>", "until": until}
    approver.post(f"/issues/{issue.reference}/virtual-patches/keep/", asked)
    row = Control.objects.get()
    for text in (approver.get("/virtual-patches/").content.decode(), approver.get(f"/issues/{issue.reference}/virtual-patches/").content.decode()):  # fmt: skip
        assert "change &lt;b&gt;12&lt;/b&gt;" in text
        assert until in text
    Control.objects.update(expires=timezone.now().date() - timedelta(days=1))
    assert "over" in approver.get("/virtual-patches/").content.decode()
    wrong = approver.post(f"/issues/{issue.reference}/virtual-patches/keep/", {**asked, "until": "soon"}, follow=True)
    assert "That is no day" in wrong.content.decode()
    approver.post(f"/virtual-patches/{row.pk}/withdraw/")
    assert not Control.objects.exists()
    assert "No virtual patch is in force" in approver.get("/virtual-patches/").content.decode()


def test_a_developer_sees_and_keeps_nothing(client: Client, issue: Issue) -> None:
    client.force_login(make_person("dev", Role.DEVELOPER))
    shown = client.get(f"/issues/{issue.reference}/virtual-patches/").content.decode()
    assert "@detectSQLi" in shown
    assert "It is in force" not in shown
    asked = {"kind": "waf", "proof": "p", "until": timezone.now().date().isoformat()}
    client.post(f"/issues/{issue.reference}/virtual-patches/keep/", asked)
    assert not Control.objects.exists()
    row = shielding.put_in_place(None, issue, "waf", "change 12", timezone.now().date())
    client.post(f"/virtual-patches/{row.pk}/withdraw/")
    assert Control.objects.filter(pk=row.pk).exists()
