"""The pages of policies: the list, one policy, violations, the editor, and who may do what there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import declare, in_force, sync, versions
from seamark.insight.analytics.violations import Wanted
from seamark.interfaces.web.policies import address, differing, trend
from seamark.pipeline import violations
from seamark.store.models import Application, LedgerEntry, Policy, StandingViolation, User
from seamark.store.models.people import Role
from seamark.store.models.policies import Bundle, BundleKind
from tests.factories import code, import_findings, make_person
from tests.policy.test_kept import Repository
from tests.policy.written import text

LogIn = Callable[[User], Client]
EDITOR = "/policy-editor/"
SEVERE = text(
    "issue.severity >= HIGH",
    "description: Nothing severe",
    name="severe",
    stages="{pull_request: block, monitor: ticket}",
)
STATEMENTS = {"/policies/": 14, "/policies/severe/": 17, "/violations/?policy=severe": 12}
"""With the session's own."""


@pytest.fixture
def person(world: dict[str, Application]) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def root(person: User, logged_in: LogIn) -> Client:
    return logged_in(person)


@pytest.fixture
def severe(person: User) -> Policy:
    """A policy that was written here, and what violates it."""
    import_findings("payments", "Tool", [code("x", "Bad", "src/n.py", 3)], repository="git.example/harbour/pay")
    row = save(SEVERE, actor=person, comment="because", now=timezone.now())
    violations.run()
    return row


def part(client: Client, address: str, form: dict[str, Any], target: str) -> str:
    """Return what htmx is answered with."""
    answer = client.post(address, form, headers={"HX-Request": "true", "HX-Target": target})
    assert answer.status_code == 200, answer.content.decode()[:400]
    return answer.content.decode()


def form_of(page: str) -> dict[str, str]:
    """Return what the editor's form would send, untouched."""
    found = dict(re.findall(r'<input type="(?:text|number|date)" id="f-[^"]*" name="([^"]+)" value="([^"]*)"', page))
    found |= dict.fromkeys(re.findall(r'<input type="checkbox" id="f-[^"]*" name="([^"]+)" checked', page), "on")
    for name, choices in re.findall(r'<select id="f-[^"]*" name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        found[name] = re.findall(r'value="([^"]*)" selected', choices)[0]
    found |= dict(re.findall(r'<textarea id="f-[^"]*" name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL))
    return {
        name: value.replace("&quot;", '"').replace("&gt;", ">").replace("&amp;", "&") for name, value in found.items()
    }


class TestList:
    def test_it_says_what_is_in_force_and_how_much_violates_it(self, root: Client, severe: Policy) -> None:
        page = root.get("/policies/").content.decode()
        number = StandingViolation.objects.filter(policy="severe", until=None).count()
        assert number > 2
        assert f'href="/violations/?policy=severe">{number}<' in page
        assert "Nothing severe" in page
        assert "pull request: block" in page
        assert "server v1" in re.sub(r"\s+", " ", page)
        assert " style=" not in page

    def test_the_number_is_that_of_its_list(self, root: Client, severe: Policy) -> None:
        number = StandingViolation.objects.filter(policy="severe", until=None, standing="violates").count()
        assert f">{number} violations<" in root.get("/violations/?policy=severe").content.decode()

    @pytest.mark.parametrize("page", STATEMENTS)
    def test_statements_do_not_grow_with_what_is_shown(
        self, root: Client, person: User, severe: Policy, page: str
    ) -> None:
        for number in range(3):
            save(
                text("issue.open", name=f"more-{number}", stages="{monitor: log}"),
                actor=person,
                comment="",
                now=timezone.now(),
            )
        violations.run()
        root.get(page)
        with CaptureQueriesContext(connection) as statements:
            assert root.get(page).status_code == 200
        assert len(statements) <= STATEMENTS[page], [one["sql"][:120] for one in statements.captured_queries]

    def test_a_bundle_that_was_not_taken_over_says_why(self, root: Client, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text(text("issue.sevrity > 3"))
        row = declare("ours", BundleKind.FOLDER, str(tmp_path))
        page = root.post(f"/bundles/{row.pk}/sync/", follow=True).content.decode()
        assert "was not taken over" in page
        assert "bad.yaml:5:" in page
        assert "did you mean issue.severity?" in page
        (tmp_path / "bad.yaml").write_text(text("issue.severity > 3"))
        assert "is up to date: 1 added" in root.post(f"/bundles/{row.pk}/sync/", follow=True).content.decode()
        assert root.post("/bundles/999/sync/").status_code == 404

    def test_nothing_yet(self, root: Client) -> None:
        assert "No policy is in force" in root.get("/policies/").content.decode()


class TestPolicy:
    def test_all_that_is_to_be_known(self, root: Client, severe: Policy) -> None:
        page = root.get("/policies/severe/").content.decode()
        assert "It looks at each issue and holds where: issue.severity &gt;= HIGH" in page
        assert "A violation comes to, at monitor: opens a ticket, pull request: blocks." in page
        assert "<code>issue.severity</code>" in page
        assert "/violations/?policy=severe&amp;application=storefront&amp;standing=any" in page
        assert "because" in page
        assert severe.digest in page

    def test_versions_with_what_changed(self, root: Client, person: User, severe: Policy) -> None:
        save(
            SEVERE.replace("HIGH", "CRITICAL"),
            actor=person,
            comment="stricter",
            now=timezone.now(),
            instead_of=severe.digest,
        )
        page = root.get("/policies/severe/").content.decode()
        assert '<span class="del">-  match: issue.severity &gt;= HIGH' in page
        assert '<span class="add">+  match: issue.severity &gt;= CRITICAL' in page
        assert page.index("<b>v2</b>") < page.index("<b>v1</b>")

    def test_withdrawn_and_not_there(self, root: Client, severe: Policy) -> None:
        assert root.get("/policies/nothing/").status_code == 404
        page = root.post("/policies/severe/withdraw/", {"comment": "no longer"}, follow=True).content.decode()
        assert "no longer in force" in page
        assert in_force().policies == ()
        assert "not in force" in root.get("/policies/severe/").content.decode()
        entry = LedgerEntry.objects.filter(kind="policy").order_by("-pk")[0]
        assert entry.actor == "root"
        assert '"removed":["severe"]' in entry.content


class TestViolations:
    def test_filters(self, root: Client, severe: Policy) -> None:
        rows = StandingViolation.objects.filter(until=None)
        shop = rows.filter(application__slug="storefront").count()
        page = root.get("/violations/?application=storefront&effect=ticket&severity=medium").content.decode()
        assert f">{shop} violations<" in page
        assert "No violation" in root.get("/violations/?application=-").content.decode()
        assert "No violation" in root.get("/violations/?ended=1&standing=any").content.decode()
        assert "No violation" in root.get("/violations/?standing=waived").content.decode()
        assert f">{rows.count()} violations<" in root.get("/violations/?standing=%00rubbish").content.decode()

    def test_pages_hold_every_row_once(
        self, root: Client, person: User, severe: Policy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("seamark.interfaces.web.policies.PAGE", 3)
        seen: list[str] = []
        where: str | None = "/violations/?policy=severe"
        while where:
            page = root.get(where).content.decode()
            seen += re.findall(r'href="/issues/SM-(\d+)/">SM-', page)
            found = re.search(r'rel="next" href="([^"]+)"', page)
            where = found[1].replace("&amp;", "&") if found else None
        wanted = StandingViolation.objects.filter(policy="severe", until=None).values_list("issue", flat=True)
        assert sorted(map(int, seen)) == sorted(wanted)
        assert root.get("/violations/?after=x").status_code == 404

    def test_only_what_one_may_see(self, severe: Policy, world: dict[str, Application], logged_in: LogIn) -> None:
        lone = logged_in(make_person("lone", Role.VIEWER, application=world["shop"]))
        mine = StandingViolation.objects.filter(application=world["shop"], until=None).count()
        page = lone.get("/violations/").content.decode()
        assert f">{mine} violations<" in page
        assert ">payments<" not in page
        assert f'href="/violations/?policy=severe">{mine}<' in lone.get("/policies/").content.decode()
        assert ">payments<" not in lone.get("/policies/severe/").content.decode()


class TestEditor:
    def test_form_and_text_say_the_same(self, root: Client, severe: Policy) -> None:
        page = root.get(f"{EDITOR}?policy=severe").content.decode()
        form = form_of(page)
        assert form["match"] == "issue.severity >= HIGH"
        assert (form["stage.pull_request"], form["stage.monitor"], form["stage.build"]) == ("block", "ticket", "")
        same = part(root, f"{EDITOR}draft/", {**form, "policy": "severe", "text": SEVERE, "from": "form"}, "checked")
        assert f"\n{SEVERE}</textarea>".replace(">=", "&gt;=") in same
        assert "No mistakes" in same

    def test_the_form_changes_the_text_and_leaves_the_rest(self, root: Client) -> None:
        own = "# ours\n" + SEVERE + "  newOnly: true  # for now\n"
        page = part(root, f"{EDITOR}draft/", {"text": own, "from": "yaml"}, "checked")
        assert 'id="fields"' in page
        assert 'hx-swap-oob="true"' in page
        form = form_of(page)
        form |= {
            "mode": "warn",
            "schedule.enforce": "2027-03-01",
            "stage.build": "warn",
            "grace": "7",
            "description": "a: b",
        }
        del form["new_only"]
        changed = part(root, f"{EDITOR}draft/", {**form, "text": own, "from": "form"}, "checked")
        written = re.search(r'<textarea id="yaml"[^>]*>\n(.*?)</textarea>', changed, re.DOTALL)
        assert written
        found = written[1].replace("&quot;", '"').replace("&gt;", ">").replace("&#x27;", "'")
        assert found.startswith("# ours\n")
        assert "newOnly" not in found
        assert "  stages: {pull_request: block, build: warn, monitor: ticket}\n" in found
        assert '  description: "a: b"\n' in found
        for line in ("  mode: warn\n", '  schedule: {enforce: "2027-03-01"}\n', '  grace: "7d"\n'):
            assert line in found
        assert "From 2027-03-01: is enforced." in changed

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (SEVERE.replace("severity", "sevrity"), "did you mean issue.severity?"),
            (SEVERE.replace("kind: Policy", "kind: Polcy"), "Line 2, column 7"),
            ("", "there is no policy here yet"),
            (f"{SEVERE}---\n{SEVERE.replace('severe', 'other')}", "write one policy here; there are 2"),
            ("a: [", "this is not valid YAML"),
            ("x" * 300_000, "larger than 256 kB"),
        ],
    )
    def test_mistakes_are_told_as_one_types(self, root: Client, wrong: str, said: str) -> None:
        found = part(root, f"{EDITOR}draft/", {"text": wrong, "from": "yaml"}, "checked")
        assert said in found
        assert 'role="alert"' in found
        refused = root.post(EDITOR, {"text": wrong})
        assert refused.status_code == 422
        assert said in refused.content.decode()
        assert not Policy.objects.exists()

    def test_a_mistake_leads_to_its_place(self, root: Client) -> None:
        found = part(
            root,
            f"{EDITOR}draft/",
            {"text": SEVERE.replace("issue.severity", "issue.sevrity"), "from": "yaml"},
            "checked",
        )
        place = re.search(r'data-line="(\d+)" data-column="(\d+)"', found)
        assert place
        line = SEVERE.splitlines()[int(place[1]) - 1]
        assert line[int(place[2]) - 1 :].startswith(("issue.s", "sev", ".sev"))

    def test_a_text_that_cannot_be_read_is_not_changed_by_the_form(self, root: Client) -> None:
        found = part(root, f"{EDITOR}draft/", {"text": "a: [", "from": "form", "mode": "off"}, "checked")
        assert "correct the YAML first" in found
        assert 'id="yaml"' not in found

    def test_examples_are_run(self, root: Client) -> None:
        own = SEVERE + "  examples:\n    - {facts: {issue: {severity: low}}, expect: violation}\n"
        assert "pass: wrong" in part(root, f"{EDITOR}draft/", {"text": own, "from": "yaml"}, "checked")

    def test_kept_as_a_version(self, root: Client, severe: Policy) -> None:
        own = SEVERE.replace("HIGH", "CRITICAL")
        form = {
            "policy": "severe",
            "text": own.replace("\n", "\r\n"),
            "instead_of": severe.digest,
            "comment": "stricter",
        }
        page = root.post(EDITOR, form, follow=True)
        assert page.redirect_chain == [("/policies/severe/", 302)]
        assert "Version 2 of severe is in force" in page.content.decode()
        first = versions("severe")[0]
        assert (first.text, first.author, first.comment, first.version) == (own, "root", "stricter", 2)
        # Somebody who still has the first one open does not overwrite the second.
        late = root.post(EDITOR, {**form, "text": SEVERE + "  grace: 1d\n"})
        assert late.status_code == 422
        assert "Somebody has changed severe meanwhile" in late.content.decode()
        again = root.post(EDITOR, {**form, "instead_of": first.digest})
        assert "Nothing is changed" in again.content.decode()
        assert "There is a policy severe already" in root.post(EDITOR, {"text": own}).content.decode()
        renamed = root.post(EDITOR, {**form, "text": own.replace("severe", "other"), "instead_of": "f" * 64})
        assert "keeps its name" in renamed.content.decode()

    def test_what_is_kept_takes_the_place_of_the_starter_s(self, root: Client, tmp_path: Path) -> None:
        starter = declare("starter", BundleKind.STARTER)
        sync(starter, now=timezone.now(), cache=tmp_path)
        count = len(in_force().policies)
        page = root.get(f"{EDITOR}?policy=kev-overdue").content.decode()
        shown = re.search(r'<textarea id="yaml"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
        assert shown
        own = shown[1].replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&").replace("&#x27;", "'")
        policy = in_force().named("kev-overdue")
        assert policy is not None
        off = own.replace("spec:\n", "spec:\n  mode: log\n", 1)
        assert root.post(EDITOR, {"policy": "kev-overdue", "text": off, "instead_of": policy.digest}).status_code == 302
        assert len(in_force().policies) == count
        assert versions("kev-overdue")[0].bundle == "server"
        assert sync(Bundle.objects.get(name="starter"), now=timezone.now(), cache=tmp_path).mistakes == ()
        assert versions("kev-overdue")[0].bundle == "server"
        root.post("/policies/kev-overdue/withdraw/", {})
        assert versions("kev-overdue")[0].bundle == "starter"
        found = in_force().named("kev-overdue")
        assert found is not None
        assert found.digest == policy.digest

    def test_simulate_and_replay(self, root: Client, world: dict[str, Application]) -> None:
        found = part(root, f"{EDITOR}simulate/", {"text": SEVERE}, "outcome")
        assert re.search(r"It would hold for <b>\d+</b> of \d+ today", found)
        assert "SM-" in found
        again = part(root, f"{EDITOR}replay/", {"text": SEVERE, "stage": "build", "days": "30"}, "outcome")
        assert re.search(r"At build, in the last 30 days, it would have blocked [1-9]\d* of \d+ builds", again)
        assert "did you mean issue.severity?" in part(
            root, f"{EDITOR}simulate/", {"text": SEVERE.replace("sev", "se")}, "outcome"
        )
        whole = root.post(f"{EDITOR}simulate/", {"text": SEVERE}).content.decode()
        assert "<html" in whole
        assert "It would hold for" in whole

    def test_facts_to_complete(self, root: Client) -> None:
        told = {one["name"]: one for one in root.get(f"{EDITOR}facts.json").json()["facts"]}
        assert told["issue.kev"]["sentence"] == "Known to be exploited in the wild."
        assert told["asset.exposure"]["choices"] == ["internet", "partner", "internal", "none"]
        assert {"CRITICAL", "now"} <= told.keys()


class TestElsewhere:
    @pytest.fixture
    def repository(self, tmp_path: Path, person: User) -> Repository:
        """A bundle that is kept in git, with two policies in one file."""
        made = Repository(tmp_path / "repository")
        made.commit(ours=f"# ours\n{SEVERE}---\n{SEVERE.replace('severe', 'second')}")
        row = declare("security", BundleKind.GIT, str(made.folder), branch="main", path="policies")
        assert sync(row, now=timezone.now(), cache=settings.SEAMARK_HOME / "policies").mistakes == ()
        return made

    def test_a_change_is_a_patch_that_git_takes(self, root: Client, repository: Repository, tmp_path: Path) -> None:
        page = root.get(f"{EDITOR}?policy=second").content.decode()
        assert "read-only: kept in security" in page
        assert "Keep as a new version" not in page
        own = SEVERE.replace("severe", "second").replace("HIGH", "CRITICAL")
        shown = part(root, f"{EDITOR}patch/", {"policy": "second", "text": own}, "outcome")
        assert "git apply second.patch" in shown
        answer = root.post(f"{EDITOR}patch/", {"policy": "second", "text": own, "action": "download"})
        assert answer["Content-Disposition"] == 'attachment; filename="second.patch"'
        (tmp_path / "second.patch").write_bytes(answer.content)
        repository.git("apply", str(tmp_path / "second.patch"))
        after = (repository.folder / "policies" / "ours.yaml").read_text()
        assert after == f"# ours\n{SEVERE}---\n{own}"

    def test_a_new_one_is_a_patch_as_well(self, root: Client, repository: Repository, tmp_path: Path) -> None:
        own = SEVERE.replace("severe", "third")
        answer = root.post(f"{EDITOR}patch/", {"text": own, "bundle": "security", "action": "download"})
        (tmp_path / "third.patch").write_bytes(answer.content)
        repository.git("apply", str(tmp_path / "third.patch"))
        assert (repository.folder / "policies" / "third.yaml").read_text() == own

    def test_it_is_not_kept_here(self, root: Client, repository: Repository) -> None:
        policy = in_force().named("severe")
        assert policy is not None
        refused = root.post(
            EDITOR, {"policy": "severe", "text": SEVERE + "  mode: 'off'\n", "instead_of": policy.digest}
        )
        assert refused.status_code == 422
        assert "propose the change there" in refused.content.decode()
        assert "was not written here" in root.post("/policies/severe/withdraw/", {}, follow=True).content.decode()
        assert root.post(f"{EDITOR}patch/", {"text": SEVERE, "bundle": "nothing"}).status_code == 404


class TestRights:
    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
    def test_only_those_with_the_right_change_anything(self, severe: Policy, logged_in: LogIn, role: Role) -> None:
        client = logged_in(make_person("other", role))
        before = in_force().digest
        client.post(EDITOR, {"policy": "severe", "text": SEVERE + "  mode: 'off'\n", "instead_of": severe.digest})
        client.post(EDITOR, {"text": SEVERE.replace("severe", "mine")})
        client.post("/policies/severe/withdraw/", {})
        assert client.post(f"/bundles/{severe.bundle_id}/sync/").status_code == 403
        assert in_force().digest == before
        assert "New policy" not in client.get("/policies/").content.decode()

    def test_an_administrator_of_one_application_does_not(
        self, severe: Policy, world: dict[str, Application], logged_in: LogIn
    ) -> None:
        client = logged_in(make_person("local", Role.ADMIN, application=world["shop"]))
        refused = client.post(
            EDITOR, {"policy": "severe", "text": SEVERE + "  mode: 'off'\n", "instead_of": severe.digest}
        )
        assert refused.status_code == 422
        assert "This needs the role admin on everything" in refused.content.decode()

    def test_who_looks_on_does_not_try(self, severe: Policy, logged_in: LogIn) -> None:
        client = logged_in(make_person("viewer", Role.VIEWER))
        for name in ("draft", "simulate", "replay", "patch"):
            assert client.post(f"{EDITOR}{name}/", {"text": SEVERE}).status_code == 403
        assert client.get(EDITOR).status_code == 403
        assert client.get("/policies/severe/").status_code == 200

    def test_nobody_without_a_grant_sees_any(self, severe: Policy, logged_in: LogIn) -> None:
        client = logged_in(make_person("nobody"))
        for page in ("/policies/", "/policies/severe/", "/violations/"):
            assert client.get(page).status_code == 403


def test_navigation(root: Client, client: Client, severe: Policy) -> None:
    page = root.get("/policies/").content.decode()
    for name in ("/policies/", "/waivers/", "/ledger/", "/vulnerabilities/"):
        assert f'<a href="{name}"' in page
    assert '<a href="/policies/" aria-current="page"' in page
    # The ledger is for auditors and administrators.
    assert '<a href="/ledger/"' not in client.get("/policies/").content.decode()


def test_trend() -> None:
    assert trend([None, None, 5]) is None
    assert trend([]) is None
    drawn = trend([None, 4, 2, 0])
    assert drawn is not None
    assert drawn.words == "from 4 to 0 in 2 days"
    assert drawn.points == "40.0,1.0 80.0,12.0 120.0,23.0"
    flat = trend([0, 0])
    assert flat is not None
    assert flat.points == "0.0,23.0 120.0,23.0"


def test_addresses_and_differences() -> None:
    assert address(Wanted(policy="a", ended=True), after="x") == "/violations/?policy=a&ended=1&after=x"
    assert address(Wanted()) == "/violations/"
    assert differing("a\nb\n", "a\nc") == [
        ("@@ -1,2 +1,2 @@", "at"), (" a", ""), ("-b", "del"), ("+c", "add"),
    ]  # fmt: skip
