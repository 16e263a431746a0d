"""The same engagement on screen, in the API and on the command line; a tester gets no further than it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seamark.interfaces.cli.commands.engagement_ import command
from seamark.pipeline.engagements import rights
from seamark.pipeline.people import make_token
from seamark.store.models import Application, Engagement, Finding, Issue, User
from tests.engagements.conftest import PROOF, issue_of, report, sent
from tests.factories import PASSWORD


def logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def upload(*titles: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("report.json", report(*titles), content_type="application/json")


class Api:
    """Asks as somebody, with a token of some scopes."""

    def __init__(self, person: User, *scopes: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {make_token(person, 'tests', scopes=scopes)}"})

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        call = getattr(self.client, method)
        if body is not None:
            return call(f"/api/v1{path}", json.dumps(body), content_type="application/json")
        return call(f"/api/v1{path}", **more)


def terms(**more: Any) -> dict[str, Any]:
    now = rights.today().isoformat()
    return {"name": "Autumn test", "starts": now, "ends": now, **more}


def test_the_whole_way_on_screen(engagement: Engagement, ada: User, dev: User, tess: User) -> None:
    page = f"/engagements/PT-{engagement.pk}/"
    tester, mender = logged_in(tess), logged_in(dev)
    assert "Spring test" in tester.get("/engagements/").content.decode()
    sent_in = tester.post(f"{page}report/", {"report": upload("Search"), "proved": "on"}, follow=True)
    assert "1 findings are in" in sent_in.content.decode()
    one = engagement.findings.get()
    assert issue_of(one).reference not in sent_in.content.decode()
    assert issue_of(one).reference in mender.get(page).content.decode()
    step = f"{page}findings/{one.pk}/"
    flaw = Issue.objects.get(rule="sqli")
    assert (
        flaw.reference in mender.post(step, {"action": "link", "issue": flaw.reference}, follow=True).content.decode()
    )
    assert (
        "no such issue" in tester.post(step, {"action": "link", "issue": flaw.reference}, follow=True).content.decode()
    )
    assert "developer" in tester.post(step, {"action": "ready"}, follow=True).content.decode()
    mender.post(step, {"action": "ready", "words": "Bound the parameter"})
    assert "needs a proof" in tester.post(step, {"action": "passed"}, follow=True).content.decode()
    proof = SimpleUploadedFile("answer.txt", b"HTTP/1.1 400")
    assert "retest passed" in tester.post(step, {"action": "passed", "proof": proof}, follow=True).content.decode()
    assert not issue_of(one).open
    assert mender.get(f"/issues/SM-{issue_of(one).pk}/").status_code == 200
    kept = one.retests.get(state="passed")
    answer = tester.get(f"{page}proofs/{kept.pk}/")
    assert (b"".join(answer.streaming_content), answer["X-Content-Type-Options"]) == (b"HTTP/1.1 400", "nosniff")  # type: ignore[attr-defined]
    assert tester.get(f"{page}proofs/{kept.pk + 1}/").status_code == 404
    assert tester.get(f"{page}?state=nonsense").status_code == 404
    assert tester.post(step, {"action": "nonsense"}).status_code == 404
    assert tester.post(f"{page}findings/99999/", {"action": "ready"}).status_code == 404


def test_managing_on_screen(shop: Application, ada: User, tess: User) -> None:
    client = logged_in(ada)
    made = client.post("/engagements/new/", {**terms(), "application": "shop"}, follow=True)
    row = Engagement.objects.get()
    assert row.reference in made.content.decode()
    again = client.post("/engagements/new/", {**terms(starts="never"), "application": "shop"})
    assert "Choose a day" in again.content.decode()
    assert "Autumn test" in again.content.decode()
    change = f"/engagements/PT-{row.pk}/change/"
    client.post(change, {"action": "add-tester", "person": "tess"})
    assert row.testers.get().person == tess
    assert (
        "no active person"
        in client.post(change, {"action": "add-tester", "person": "nobody"}, follow=True).content.decode()
    )
    client.post(change, {"action": "remove-tester", "person": "tess"})
    assert not row.testers.exists()
    asset = shop.assets.first()
    assert asset is not None
    client.post(change, {"action": "terms", **terms(name="Winter test"), "asset": str(asset.pk)})
    row.refresh_from_db()
    assert (row.name, list(row.assets.all())) == ("Winter test", [asset])
    client.post(change, {"action": "close"})
    assert "Take up again" in client.get(f"/engagements/PT-{row.pk}/").content.decode()
    client.post(change, {"action": "reopen"})
    assert client.post(change, {"action": "nonsense"}).status_code == 404
    assert client.get("/engagements/?state=nonsense").status_code == 404
    assert client.get("/engagements/?after=nonsense").status_code == 404
    assert "Winter test" in client.get("/engagements/?state=running&application=shop").content.decode()


def test_strangers_and_testers_get_no_further(engagement: Engagement, tess: User, tmp_path: Path) -> None:
    other = User.objects.create_user("stranger", password=PASSWORD)
    page = f"/engagements/PT-{engagement.pk}/"
    client = logged_in(other)
    assert client.get(page).status_code == 404
    assert client.post(f"{page}report/", {"report": upload("Search")}).status_code == 404
    assert client.get("/engagements/new/").status_code == 403
    tester = logged_in(tess)
    assert tester.get("/engagements/new/").status_code == 403
    (one,) = sent(engagement, tess, tmp_path, "Search")
    assert tester.get(f"/issues/SM-{issue_of(one).pk}/").status_code == 404
    for action in ("close", "terms", "add-tester", "remove-tester"):
        tester.post(f"{page}change/", {"action": action, "person": "tess", **terms()})
    engagement.refresh_from_db()
    assert (engagement.name, engagement.closed_at, engagement.testers.count()) == ("Spring test", None, 1)


def test_a_title_from_a_report_is_escaped(engagement: Engagement, tess: User, tmp_path: Path) -> None:
    sent(engagement, tess, tmp_path, "<script>alert(1)</script>")
    assert "<script>alert" not in logged_in(tess).get(f"/engagements/PT-{engagement.pk}/").content.decode()


def test_the_whole_way_by_the_api(shop: Application, ada: User, dev: User, tess: User) -> None:
    boss, mender, tester = Api(ada, "write", "read"), Api(dev, "write"), Api(tess, "read", "import", "write")
    assert tester("post", "/engagements", {**terms(), "application": "shop"}).status_code == 422
    made = boss("post", "/engagements", {**terms(), "application": "shop"})
    assert made.status_code == 201, made.content
    at = f"/engagements/{made.json()['engagement']}"
    assert tester("get", at).status_code == 404
    assert mender("put", f"{at}/testers/tess").status_code == 403
    assert boss("put", f"{at}/testers/nobody").status_code == 404
    assert boss("put", f"{at}/testers/tess").json()["testers"] == ["tess"]
    assert [one["engagement"] for one in tester("get", "/engagements?state=running").json()["items"]] == [at[13:]]
    answer = tester("post", f"{at}/reports", data={"report": upload("Search", "Login"), "proved": "true"})
    assert (answer.status_code, answer.json()["findings"]) == (201, 2), answer.content
    listed = tester("get", f"{at}/findings").json()["items"]
    assert [one["issue"] for one in listed] == [None, None]
    one = f"{at}/findings/{listed[0]['id']}"
    assert tester("post", f"{one}/ready", {}).status_code == 403
    assert mender("post", f"{one}/ready", {}).json()["items"][0]["state"] == "ready"
    assert mender("post", f"{one}/ready", {}).status_code == 409
    assert mender("post", f"{one}/withdraw", {}).json()["items"][0]["state"] == "open"
    mender("post", f"{one}/ready", {"comment": "now"})
    assert mender("post", f"{one}/retest", data={"passed": "true", "proof": PROOF}).status_code == 403
    assert boss("post", f"{at}/close").status_code == 409
    told = tester("post", f"{one}/retest", data={"passed": "true", "proof": PROOF}).json()["items"][0]
    assert [each["state"] for each in told["steps"]] == ["ready", "open", "ready", "passed"]
    proof = tester("get", f"{at}/proofs/{told['steps'][-1]['id']}")
    assert b"".join(proof.streaming_content).decode() == PROOF
    assert tester("get", f"{at}/proofs/1000000").status_code == 404
    flaw = Issue.objects.get(rule="sqli").reference
    other = f"{at}/findings/{listed[1]['id']}/proves/{flaw}"
    assert mender("put", other).json()["items"][0]["proves"][0]["by_person"] is True
    assert mender("delete", other).json()["items"][0]["proves"] == []
    assert tester("put", other).status_code == 404
    assert boss("put", at, terms(name="Renamed")).json()["name"] == "Renamed"
    assert boss("delete", f"{at}/testers/tess").json()["testers"] == []
    assert tester("get", at).status_code == 404
    assert boss("post", f"{at}/close").json()["state"] == "closed"
    assert boss("post", f"{at}/reopen").json()["state"] == "running"
    assert boss("get", f"{at}/findings?state=passed").json()["items"][0]["issue_state"] == "resolved"


def test_on_the_command_line(shop: Application, tess: User, tmp_path: Path) -> None:
    runner = CliRunner()

    def run(*words: str, code: int = 0) -> str:
        told = runner.invoke(command, words)
        assert told.exit_code == code, told.output
        return told.output

    day = rights.today().isoformat()
    run("add", "shop", "By hand", "--from", day, "--to", day, "--rules", "Office hours")
    name = Engagement.objects.get().reference
    assert "tests for" in run("tester", name, "tess")
    path = tmp_path / "report.json"
    path.write_bytes(report("Search"))
    assert "1 findings" in run("report", name, str(path), "--proved")
    number = str(Engagement.objects.get().findings.get().pk)
    flaw = Issue.objects.get(rule="sqli").reference
    assert f"proves {flaw}" in run("proves", name, number, flaw)
    assert "no longer" in run("proves", name, number, flaw, "--remove")
    assert "ready" in run("ready", name, number)
    assert "open" in run("ready", name, number, "--withdraw")
    run("ready", name.lower(), number)
    assert "needs a proof" in run("retest", name, number, "--passed", code=1)
    assert "failed" in run("retest", name, number, "--failed", "--words", PROOF)
    run("ready", name, number)
    proof = tmp_path / "proof.txt"
    proof.write_text("HTTP/1.1 400")
    assert "passed" in run("retest", name, number, "--passed", "--proof", str(proof))
    assert Finding.objects.filter(closed_in__isnull=False).count() == 1
    assert json.loads(run("show", name, "--json"))["items"][0]["state"] == "passed"
    assert "Search" in run("show", name)
    assert json.loads(run("list", "--json", "--state", "running"))["passed"] == 1
    assert name in run("list")
    assert "closed" in run("close", name)
    assert "open" in run("close", name, "--reopen")
    assert "no longer tests" in run("tester", name, "tess", "--remove")
    run("show", "PT-x", code=2)
    assert "no engagement" in run("show", "PT-99999", code=1)
    assert "no finding" in run("ready", name, "99999", code=1)
