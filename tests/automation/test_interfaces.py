"""Rules, dismissals, suggestions and service levels on screen, by the API and on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from seamark.governance.triage import service
from seamark.interfaces.cli.main import main
from seamark.pipeline.automation import watch
from seamark.pipeline.people import SCOPES, make_token
from seamark.store.models import Application, Issue, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.automation.conftest import Put, rule
from tests.factories import make_person

DISMISS = "{state: dismissed, resolution: false_positive, comment: never right}"


@pytest.fixture
def ada(world: dict[str, Application]) -> User:
    return make_person("ada", Role.ANALYST)


def call(person: User, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    client = Client(raise_request_exception=False)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(person, 'tests', scopes=SCOPES)}"
    answer = client.generic(
        method, f"/api/v1{path}", json.dumps(body) if body is not None else "", content_type="application/json"
    )
    return answer.status_code, answer.json()


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


class TestApi:
    def test_rules(self, root: User, ada: User, put: Put) -> None:
        text = rule("no-code", 'issue.kind == "code"', DISMISS)
        status, told = call(root, "POST", "/rules/dry-run", {"text": text})
        assert status == 200
        number = Issue.objects.filter(kind=1, open=True).count()
        assert (told["matched"], told["acts"], told["lacking"]) == (number, number, 0)
        assert told["would"][0]["after"]["state"] == State.DISMISSED
        assert not Issue.objects.filter(state=State.DISMISSED).exists()
        assert call(ada, "POST", "/rules/dry-run", {"text": text})[0] == 403
        assert call(root, "POST", "/rules/dry-run", {"text": "nonsense: ["})[0] == 422
        put(text)
        watch.run()
        line = call(root, "GET", "/rules")[1]["items"][0]
        assert (line["name"], line["holder"], line["matched"], line["stopped"]) == ("no-code", "root", number, "")
        assert "dismisses" in line["does"]
        issue = Issue.objects.filter(kind=1)[0]
        effects = call(ada, "GET", f"/issues/{issue.reference}/rules")[1]["items"]
        assert [(one["field"], one["rule"]) for one in effects] == [("state", "no-code")]
        assert call(root, "POST", "/rules/no-code/approve")[0] == 409
        tom = make_person("tom", Role.APPROVER)
        assert call(ada, "POST", "/rules/no-code/approve")[0] == 403
        assert call(tom, "POST", "/rules/no-code/approve")[1]["items"][0]["approver"] == "tom"
        assert call(ada, "POST", "/rules/no-code/take-over")[0] == 403
        assert call(root, "POST", "/rules/nothing/take-over")[0] == 404

    def test_starters(self, root: User, ada: User) -> None:
        names = [one["name"] for one in call(ada, "GET", "/rules/starters")[1]["items"]]
        assert "unreachable-flaws" in names
        assert call(ada, "POST", "/rules/starters/unreachable-flaws/adopt")[0] == 403
        for name in names:
            assert call(root, "POST", f"/rules/starters/{name}/adopt")[0] == 201
        assert call(root, "POST", f"/rules/starters/{names[0]}/adopt")[0] == 409
        assert call(ada, "GET", "/rules/starters")[1]["items"] == []
        assert watch.run().issues > 5

    def test_dismissals(self, ada: User) -> None:
        tom = make_person("tom", Role.APPROVER)
        rows = Issue.objects.filter(kind=1)
        service.change_state(ada, rows, State.DISMISSED, "false_positive", "no")
        told = call(tom, "GET", "/dismissals")[1]
        assert told["count"]["number"] == rows.count()
        assert {one["by"] for one in told["items"]} == {"ada"}
        refs = [one["id"] for one in told["items"]]
        assert call(ada, "GET", "/dismissals")[1]["items"] == []
        assert call(ada, "POST", "/dismissals/confirm", {"issues": refs})[0] == 403
        assert call(tom, "POST", "/dismissals/confirm", {"issues": refs})[1] == {"confirmed": len(refs)}
        assert call(tom, "POST", "/dismissals/confirm", {"issues": ["SM-999999"]})[0] == 404

    def test_levels_and_suggestions(self, root: User) -> None:
        assert call(root, "GET", "/sla")[1]["total"]["share"] is None
        issue = Issue.objects.filter(open=True)[0]
        assert call(root, "GET", f"/issues/{issue.reference}/sla")[0] == 404
        told = call(root, "GET", "/verdict-suggestions")[1]
        assert (told["suggestions"], told["quality"]["mcc"]) == ([], None)


class TestPages:
    def test_rules_are_taken_over(self, root: User, ada: User) -> None:
        page = browser(root).get("/rules/").content.decode()
        assert "unreachable-flaws" in page
        assert "Put in force" in page
        assert "Put in force" not in browser(ada).get("/rules/").content.decode()
        browser(root).post("/rules/unreachable-flaws/stand/", {"what": "adopt"})
        assert "acts" in browser(root).get("/rules/").content.decode()
        refused = browser(ada).post("/rules/unreachable-flaws/stand/", {"what": "take-over"}, follow=True)
        assert "role admin" in refused.content.decode()

    def test_dismissals_are_confirmed_and_sent_back(self, ada: User) -> None:
        tom = make_person("tom", Role.APPROVER)
        first, second = Issue.objects.filter(kind=1).order_by("pk")[:2]
        Issue.objects.filter(pk=first.pk).update(title="<script>alert(1)</script>")
        rows = Issue.objects.filter(pk__in=[first.pk, second.pk])
        service.change_state(ada, rows, State.DISMISSED, "false_positive", "<b>no</b>")
        assert browser(ada).get("/dismissals/").status_code == 403
        page = browser(tom).get("/dismissals/").content.decode()
        assert "<script>alert" not in page
        assert "<b>no</b>" not in page
        browser(ada).post("/dismissals/confirm/", {"issue": first.pk, "what": "confirm"})
        assert Issue.objects.get(pk=first.pk).dismissal_unconfirmed
        browser(tom).post("/dismissals/confirm/", {"issue": first.pk, "what": "confirm"})
        assert not Issue.objects.get(pk=first.pk).dismissal_unconfirmed
        browser(tom).post("/dismissals/confirm/", {"issue": second.pk, "what": "reopen"})
        assert Issue.objects.get(pk=second.pk).state == State.OPEN

    def test_levels_and_suggestions(self, root: User, put: Put) -> None:
        put(
            "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: all}\nspec: {type: sla, match: issue.severity >= INFO, sla: {days: 0}}\n"
        )
        watch.run()
        for by in ("priority", "application", "policy", "nonsense"):
            page = browser(root).get("/service-levels/", {"by": by}).content.decode()
            assert "sla%3Aoverdue" in page
        assert "Nothing is suggested yet" in browser(root).get("/rules/learned/").content.decode()


class TestCommands:
    def run(self, *words: str) -> str:
        done = CliRunner().invoke(main, list(words), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def test_rules(self, root: User, ada: User, tmp_path: Path) -> None:
        file = tmp_path / "rule.yaml"
        file.write_text(rule("no-code", 'issue.kind == "code"', DISMISS))
        assert "would change" in self.run("automation", "try", str(file), "--as", "root")
        assert "unreachable-flaws" in self.run("automation", "list", "--starters")
        assert "in force" in self.run("automation", "adopt", "revoked-secrets", "--as", "root")
        assert "with the rights of root" in self.run("automation", "take-over", "revoked-secrets", "--as", "root")
        tom = make_person("tom", Role.APPROVER)
        assert "approved by tom" in self.run("automation", "approve", "revoked-secrets", "--as", tom.username)
        assert "issues" in self.run("automation", "run")
        assert json.loads(self.run("automation", "list", "--json"))[0]["name"] == "revoked-secrets"
        assert "verdicts" in self.run("automation", "learned")

    def test_dismissals(self, ada: User) -> None:
        make_person("tom", Role.APPROVER)
        rows = Issue.objects.filter(kind=1)
        service.change_state(ada, rows, State.DISMISSED, "false_positive", "no")
        assert rows[0].reference in self.run("automation", "dismissals", "--as", "tom")
        assert "1 confirmed" in self.run("automation", "confirm", rows[0].reference, "--as", "tom")

    def test_levels(self, root: User, put: Put) -> None:
        put(
            "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: all}\nspec: {type: sla, match: issue.severity >= INFO, sla: {days: 10}}\n"
        )
        watch.run()
        assert "kept" in self.run("sla", "kept")
        issue = Issue.objects.filter(open=True)[0]
        assert "10 days from when it was opened" in self.run("sla", "due", issue.reference)
        assert json.loads(self.run("sla", "due", issue.reference, "--json"))["state"] == "running"
