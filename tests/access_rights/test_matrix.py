"""Every way in, tried as everybody: against `matrix.csv`, which `--golden` writes anew, for a person to read."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from seamark.governance.access import accounts, federation, grants, groups, roles
from seamark.governance.access.places import Place
from seamark.governance.ledger import record
from seamark.governance.ledger.note import new_signer
from seamark.governance.triage import comments
from seamark.governance.waivers.words import REASONS
from seamark.pipeline import profiles
from seamark.pipeline.people import SCOPES, make_token
from seamark.store.models import (
    Asset,
    Finding,
    Fix,
    Grant,
    Import,
    Issue,
    Report,
    Token,
    User,
    Verdict,
    Waiver,
)
from seamark.store.models.people import Role
from tests.access_rights import compliant, examples, machine_made, measured, outgoing, shielded
from tests.access_rights.routes import Things, Way, address, report, ways
from tests.factories import make_person, make_world
from tests.policy.written import text
from tests.support.access import prove

MATRIX = Path(__file__).parent / "matrix.csv"
ACTORS = ("anonymous", "stranger", "other", *map(str, Role))
"""`stranger` holds nothing; `other` administers another application, and sees nothing of the one that requests are about."""
MARKS = re.compile(
    r"storefront|sql injection in order search|orders/search\.py|harbour/shop|order search", re.IGNORECASE
)
"""What is to be read of the application that `other` must not see."""
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ECHOES = frozenset({"search", "ui"})
"""Ways that print what was asked for, so that a mark in the answer may be the question's; and the component library, whose content is made up."""
ASKED = {
    "today-changes": "?since=2026-01-01T00:00:00%2B00:00",
    "/api/v1/compliance/vex": "?application=storefront&form=cyclonedx",
    **compliant.ASKED,
    **measured.ASKED,
}
"""What an address needs behind it."""

NOBODYS = 987_654_320
"""The number of what is somebody's own, for who has none: there is no such thing, whatever ran before on this database."""


class Scene:
    """A company with one of everything, and everybody with a way in."""

    def __init__(self, home: Path) -> None:
        world = make_world()
        self.shop, self.other = world["shop"], world["payroll"]
        self.people: dict[str, User | None] = {"anonymous": None, "stranger": make_person("stranger")}
        self.people["other"] = make_person("other", Role.ADMIN, application=self.other)
        self.people |= {str(role): make_person(str(role), role) for role in Role}
        self.people["second"] = make_person("second", Role.ADMIN)
        self.things = Things(self._make(home))
        self.own = {
            name: {**examples.own(person), **outgoing.own(person), **measured.own(person)}
            for name, person in self.people.items()
            if person is not None
        }
        self.browsers = {name: _logged_in(person) for name, person in self.people.items()}
        self.tokens = {
            name: make_token(person, "matrix", scopes=SCOPES) for name, person in self.people.items() if person is not None
        }  # fmt: skip

    def things_of(self, actor: str) -> Things:
        """Return what somebody's requests are about: what there is, and what is their own."""
        return Things({**self.things.values, **self.own.get(actor, {})})

    def _more(self, admin: User, home: Path) -> dict[str, Any]:
        """Make what only few ways are about; what is signed comes last."""
        examples.of_names(admin)
        examples.of_images(self.shop)
        made = {
            **examples.of_rules(admin, home), **examples.of_judgement(admin, self.shop), **examples.of_sending(admin),
            **examples.of_software(self.shop), **examples.of_work(admin), **examples.of_sign_on(),
            **examples.of_engagements(admin, self.shop, home), **examples.of_pulls(self.shop), **shielded.of_shields(self.shop),
            **outgoing.of_outgoing(admin, self.shop),
            **outgoing.of_automation(self.shop, self.issue), **machine_made.of_model_patches(self.issue),
            **compliant.of_compliance(admin, self.shop), **measured.of_measures(),
        }  # fmt: skip
        self.change, self.parts, self.bundle = made.pop("change"), made.pop("findings"), made.pop("bundle")
        caller = Client(headers={"Authorization": f"Bearer {make_token(admin, 'scene', scopes=SCOPES)}"})
        for path, body, key in (
            ("/decisions", {"subject": {"image": examples.IMAGE}}, "/api/v1/decisions/{number} number"),
            ("/gate", {"application": self.shop.name}, "/gate number"),
        ):  # fmt: skip
            answer = caller.post(f"/api/v1{path}", body, content_type="application/json")
            assert answer.status_code == 200, (path, answer.content)
            made[key] = Verdict.objects.latest("pk").pk if key.startswith("/gate") else answer.json()["id"]
        examples.of_signing()
        return made

    def _make(self, home: Path) -> dict[str, Any]:
        admin = self.people["admin"]
        assert admin is not None
        self.soon = (timezone.now() + timedelta(days=5)).date().isoformat()
        self.reason = next(iter(REASONS))
        self.issue = Issue.objects.filter(application=self.shop, merged_into=None).order_by("-risk", "-id")[0]
        self.second = (
            Issue.objects.filter(application=self.shop, merged_into=None)
            .exclude(pk=self.issue.pk)
            .order_by("-risk", "-id")[0]
        )
        self.said = comments.add(admin, self.issue, "said").pk
        self.findings = list(Finding.objects.filter(issue=self.issue).order_by("pk").values_list("pk", flat=True))
        found = Report.objects.filter(scans__stream__application=self.shop)[0]
        sent = Import.objects.create(report=found, target={"application": self.shop.name}, lane="x", author=admin)
        asset = Asset.objects.filter(application=self.shop)[0]
        fix = Fix.objects.filter(application=self.shop)[0]
        service = accounts.create_service(admin, "robot")
        grants.give(admin, service, roles.named("developer"), Place(application=self.shop))
        role = roles.create(admin, "looker", ["issue.read"])
        team = groups.create(admin, "Team", members=[self.people["viewer"]])  # type: ignore[list-item]
        held = grants.give(admin, team, roles.named("viewer"))
        federated = federation.create(
            admin,
            "shop",
            issuer="https://issuer.example",
            audience="x",
            claims={"repository": "acme/shop"},
            account=service,
        )
        make_token(service, "ci")
        draft = profiles.active_profile()
        dev = self.people["developer"]
        waiver = Waiver.objects.create(
            scope="fix", application=self.shop, fix=fix, reason=self.reason, text="soon", requester=dev, requested_at=timezone.now(),
            expires_at=timezone.now() + timedelta(days=5),
        )  # fmt: skip
        record.record("test", "thing", {"at": 1})
        person = User.objects.get(username="stranger")
        return {
            "first": "prod", "second": "none", "form": "csv", "what": "resolved", "uidb36": "1", "key": "x", "provider_id": "nobody",
            "organization_slug": "nobody", "pk": 1, "slug": self.shop.slug, "sign-on slug": "nobody", "sign-on-remove slug": "nobody",
            "name": "nothing", "vulnerability name": "CVE-2021-44228", "/vulnerabilities name": "CVE-2021-44228", "/aliases name": "CVE-2021-44228",
            "scim-described what": "Schemas", "scim-described-one what": "ResourceTypes", "scim-described-one name": "User",
            "scim-user number": person.pk, "scim-group number": team.pk, "person number": person.pk, "group number": team.pk,
            "/users number": person.pk, "/groups number": team.pk, "/grants number": held.pk, "/roles name": role.name,
            "/tokens number": Token.objects.get(user=service).pk, "/federations number": federated.pk,
            "issue number": self.issue.pk, "exploitation number": self.issue.pk, "receipt number": self.issue.pk, "comment number": self.issue.pk,
            "fix-options number": self.issue.pk, "similar number": self.issue.pk, "comments number": self.issue.pk, "comment-change number": self.issue.pk,
            "comment-change comment": self.said, "/issues number": self.said, "comment-names number": self.issue.pk, "watch number": self.issue.pk,
            "assign number": self.issue.pk, "join number": self.issue.pk, "split number": self.issue.pk, "reference": self.issue.reference, "secret": "nothing",
            "/waivers reference": waiver.reference, "/jobs reference": f"import-{sent.pk}", "fix number": fix.pk, "fix-plan number": fix.pk, "fix-pins number": fix.pk, "fix-touches number": fix.pk, "/fixes number": fix.pk,
            "asset number": asset.pk, "asset-owners number": asset.pk, "inventory number": asset.pk, "sbom": 1, "graph-near number": asset.pk,
            "/assets number": asset.pk, "import number": sent.pk, "/imports number": sent.pk, "waiver number": waiver.pk,
            "waiver-decide number": waiver.pk, "waiver-renew number": waiver.pk, "ledger-entry number": 0, "ledger-proof number": 0,
            "/ledger/entries number": 0, "risk-profile-yaml number": draft.pk, "/risk/profiles number": draft.pk, "digest": found.digest,
            "question": "coverage", "number": NOBODYS, "message": NOBODYS, **self._more(admin, home),
        }  # fmt: skip

    def body(self, way: Way) -> dict[str, Any]:
        """Return what to send, as far as there is something that can be carried out."""
        person, number = User.objects.get(username="stranger").pk, self.issue.pk
        new = text("issue.severity >= HIGH", name="new")
        pack = {"framework": "pci-dss-4", "application": self.shop.slug, "period": "2020"}
        sent: dict[tuple[str, str], Any] = {
            ("compliance-packs", "POST"): pack,
            ("triage", "POST"): {"issue": number, "state": "confirmed"},
            ("comment", "POST"): {"comment": "seen"},
            ("comment-change", "POST"): {"comment": "seen again"},
            ("watch", "POST"): {"watch": "1"},
            ("assign", "POST"): {"assignee": ""},
            ("outlook", "POST"): {"issue": number, "state": "confirmed"},
            ("application", "POST"): {"criticality": "1", "exposure": "internet", "data_classes": "PII", "description": "A shop"},
            ("imports", "POST"): {"application": self.shop.name, "reports": report()},
            ("people", "POST"): {"username": "newcomer", "kind": "person"},
            ("person", "POST"): {"action": "give", "role": "viewer"},
            ("groups", "POST"): {"name": "Newcomers"},
            ("group", "POST"): {"action": "rename", "name": "Others"},
            ("grants", "POST"): {"grant": Grant.objects.get(group__name="Team").pk},
            ("roles", "POST"): {"action": "create", "name": "made", "rights": ["issue.read"]},
            ("tokens", "POST"): {"action": "revoke", "token": Token.objects.get(user__username="robot").pk},
            ("make-token", "POST"): {"name": "mine", "scopes": ["read"], "days": "30"},
            ("theme", "POST"): {"theme": "dark"},
            ("locale", "POST"): {"language": "en", "time_zone": "UTC"},
            ("fix-plan", "POST"): {"note": "soon"},
            ("waiver-decide", "POST"): {"decision": "refuse", "comment": "no"},
            ("waiver-new", "POST"): {
                "scope": "issue", "issue": number, "reason": self.reason, "text": "soon", "expires": self.soon, "control": "", "evidence": "",
            },
            ("join", "POST"): {"with": self.second.reference, "reason": "one"},
            ("split", "POST"): {"finding": self.parts[0], "reason": "two"},
            ("scim-users", "POST"): {"userName": "newcomer"},
            ("scim-groups", "POST"): {"displayName": "Newcomers"},
            ("scim-user", "PUT"): {"userName": "stranger"},
            ("scim-group", "PUT"): {"displayName": "Others"},
            ("scim-user", "PATCH"): {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]},
            ("scim-group", "PATCH"): {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"displayName": "Others"}}]},
            ("asset-owners", "POST"): {"owners": "team:platform"},
            ("save-view", "POST"): {"name": "mine", "query": "kev:true"},
            ("undo", "POST"): {"change": self.change},
            ("decide", "POST"): {"verdict": "same"},
            ("waiver-renew", "POST"): {"text": "later", "expires": self.soon},
            ("policy-editor", "POST"): {"text": new, "comment": "because"},
            ("policy-patch", "POST"): {"text": new, "bundle": self.bundle},
            ("policy-withdraw", "POST"): {"comment": "because"},
            ("risk-profile", "POST"): {"action": "import", "file": examples.named(examples.profile_text(), "theirs.yaml")},
            ("account_email", "POST"): {"action_add": "", "email": "new@corp.example"},
            ("jobs", "POST"): {"action": "retry", "reference": self.things.values["/api/v1/operations/jobs/{reference}/retry reference"]},
            ("sign-on-new", "POST"): examples.SIGN_ON,
            ("sign-on", "POST"): {**examples.SIGN_ON, "slug": "okta", "name": "Okta"},
            ("admission", "POST"): examples.REVIEW,
            ("pull-open", "POST"): {"fix": self.things.values["fix number"]},
            ("pull-repositories", "POST"): {"action": "merging", "repository": self.things.values["/pull-repositories number"]},
        }  # fmt: skip
        api: dict[tuple[str, str], Any] = {
            ("/compliance/packs", "POST"): pack,
            ("/issues/{reference}", "PATCH"): {"state": "confirmed"},
            ("/issues/{reference}/comments", "POST"): {"text": "seen"},
            ("/issues/{reference}/comments/{number}", "PATCH"): {"text": "seen again"},
            ("/triage/preview", "POST"): {"issues": [self.issue.reference], "state": "confirmed"},
            ("/triage", "POST"): {"issues": [self.issue.reference], "state": "confirmed"},
            ("/applications/{slug}/context", "PUT"): {"exposure": "internet"},
            ("/aliases/{name}/revoke", "POST"): {"other": "GHSA-jfh8-c2jp-5v3q"},
            ("/aliases/{name}/restore", "POST"): {"other": "GHSA-7rjr-3q55-vv33"},
            ("/crown-jewels/withdraw", "POST"): {"what": "pkg:npm/kept"},
            ("/issues/{reference}/join", "POST"): {"with": [self.second.reference], "reason": "one"},
            ("/issues/{reference}/apart", "POST"): {"from": self.second.reference, "reason": "two"},
            ("/issues/{reference}/split", "POST"): {"findings": [self.parts[0]], "reason": "two"},
            ("/policies", "POST"): {"yaml": new, "comment": "because"},
            ("/policies/simulate", "POST"): {"yaml": new},
            ("/policies/replay", "POST"): {"yaml": new},
            ("/policies/{name}/withdraw", "POST"): {"comment": "because"},
            ("/risk/profiles", "POST"): {"content": examples.profile_content()},
            ("/risk/profiles/preview", "POST"): {"content": examples.profile_content()},
            ("/risk/profiles/{number}/apply", "POST"): {"comment": "because"},
            ("/decisions", "POST"): {"subject": {"image": examples.IMAGE}},
            ("/waivers/{reference}/revoke", "POST"): {"comment": "no more"},
            ("/risk/profiles/withdraw", "POST"): {"unit": "Retail"},
            ("/triage/undo", "POST"): {"changes": [self.change]},
            ("/waivers", "POST"): {
                "scope": "issue", "issues": [self.issue.reference], "reason": self.reason, "text": "soon", "expires": self.soon,
            },
            ("/waivers/{reference}/renew", "POST"): {"text": "later", "expires": self.soon},
            ("/webhooks", "POST"): {"name": "mine", "url": "https://hooks.example/x", "kinds": ["issue.state"]},
            ("/assets/{number}/owners", "PUT"): {"owners": ["team:platform"]},
            ("/crown-jewels", "POST"): {"what": "pkg:npm/left-pad"},
            ("/gate", "POST"): {"application": self.shop.name},
            ("/users", "POST"): {"username": "newcomer"},
            ("/users/{number}", "PATCH"): {"email": "x@corp.example"},
            ("/groups", "POST"): {"name": "Newcomers"},
            ("/groups/{number}", "PATCH"): {"add": [person]},
            ("/grants", "POST"): {"user": person, "role": "viewer", "application": self.shop.slug},
            ("/roles", "POST"): {"name": "made", "permissions": ["issue.read"]},
            ("/roles/{name}", "PUT"): {"permissions": ["graph.read"]},
            ("/tokens", "POST"): {"name": "mine", "scopes": ["read"]},
            ("/federations", "POST"): {
                "name": "more", "issuer": "https://issuer.example", "audience": "x", "claims": {"repository": "acme/x"},
                "account": User.objects.get(username="robot").pk,
            },
            ("/waivers/{reference}/refuse", "POST"): {"comment": "no"},
            ("/waivers/{reference}/approve", "POST"): {"comment": "yes"},
            ("/pull-requests", "POST"): {"fix": self.things.values["fix number"]},
            ("/pull-repositories", "POST"): {"asset": self.things.values["pull asset"], **examples.PULLS},
            ("/pull-repositories/{number}/merging", "PUT"): {"on": True},
            ("/pull-stop", "PUT"): {"stopped": True},
        }  # fmt: skip
        key = (way.name.removeprefix("/api/v1"), way.method)
        found: dict[str, Any] = (sent if way.sort == "web" else api).get(key, {})
        return (
            found
            or machine_made.body(*key)
            or measured.body(*key)
            or compliant.body(*key)
            or examples.pentest_body(*key, self.shop)
            or outgoing.body(*key, self.things.values)
            or shielded.body(*key)
        )


def _logged_in(person: User | None) -> str:
    if person is None:
        return ""
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    prove(client, person)
    return client.cookies["sessionid"].value


def ask(scene: Scene, actor: str, way: Way, things: Things | None = None) -> HttpResponse:
    """Send a request, and take back whatever it did."""
    cache.clear()
    client = Client(raise_request_exception=False)
    asked = ASKED.get(way.name, "") if way.method == "GET" or way.sort == "web" else ""
    path = address(way, things or scene.things_of(actor)) + asked
    body = {} if way.method == "GET" else scene.body(way)
    more: dict[str, Any] = {}
    by_token = way.sort == "api" or way.name.startswith(("scim-", "admission"))
    if by_token and actor in scene.tokens:
        more["headers"] = {"Authorization": f"Bearer {scene.tokens[actor]}"}
    elif scene.browsers[actor]:
        client.cookies["sessionid"] = scene.browsers[actor]
    send = getattr(client, way.method.lower())
    if way.method != "GET":
        files = way.name in {"/api/v1/imports", "/api/v1/surveys", "/api/v1/token/exchange"}
        if way.name in {*examples.PENTEST_FORMS, "/api/v1/compliance/evidence"}:
            more["data"] = body
        elif way.sort == "api" and not files:
            more |= {"data": body, "content_type": "application/json"}
        elif way.name == "/api/v1/imports":
            more["data"] = {"application": scene.shop.name, "report": report()}
        elif way.name == "/api/v1/surveys":
            more["data"] = {"application": scene.shop.name, "survey": examples.survey()}
        elif by_token and way.sort == "web":
            more |= {"data": body, "content_type": "application/json"}
        else:
            more["data"] = body
    with transaction.atomic():
        answer: HttpResponse = send(path, **more)
        if answer.streaming:
            whole = HttpResponse(b"".join(answer), status=answer.status_code, headers=dict(answer.headers))
            whole.wsgi_request = answer.wsgi_request
            answer = whole
        transaction.set_rollback(True)
    return answer


def outcome(answer: HttpResponse) -> str:
    """Return what became of a request, in a word."""
    status = answer.status_code
    assert status < 500 or status == 503, answer.content[:2000]
    if status in {301, 302, 303}:
        if answer["Location"].startswith("/login/again"):
            return "again"
        if answer["Location"].startswith("/login/") and "next=" in answer["Location"]:
            return "login"
        failed = any(one.level_tag == "error" for one in get_messages(answer.wsgi_request))
        return "told" if failed else "done"
    words = {304: "done", 401: "login", 403: "refused", 404: "missing", 405: "-", 503: "away"}
    return words.get(status, "done" if status < 300 else "invalid")


@pytest.fixture
def scene(db: None, settings: Settings, tmp_path: Path) -> Scene:
    settings.SEAMARK_HOME = tmp_path
    settings.SEAMARK_LEDGER_KEY = str(new_signer("tests.example/ledger"))
    for name, value in machine_made.MODEL.items():
        setattr(settings, name, value)
    return Scene(tmp_path)


def test_every_way_in_as_everybody(scene: Scene, request: pytest.FixtureRequest) -> None:
    rows = [[*way, *(outcome(ask(scene, actor, way)) for actor in ACTORS)] for way in ways()]
    if request.config.getoption("--golden"):
        with MATRIX.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([["sort", "name", "method", *ACTORS], *rows])
    with MATRIX.open(encoding="utf-8", newline="") as file:
        expected = {tuple(row[:3]): row[3:] for row in csv.reader(file)}
    found = {("sort", "name", "method"): list(ACTORS), **{tuple(row[:3]): row[3:] for row in rows}}
    assert found.keys() - expected.keys() == set(), "not in matrix.csv: who may do that?"
    assert expected.keys() - found.keys() == set(), "in matrix.csv, and not there any more"
    assert {way: said for way, said in found.items() if said != expected[way]} == {
        way: expected[way] for way, said in found.items() if said != expected[way]
    }


def lines() -> dict[Way, dict[str, str]]:
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return {Way(row["sort"], row["name"], row["method"]): row for row in csv.DictReader(file)}


def test_the_matrix_itself_makes_sense() -> None:
    """What no line may say, whoever wrote it: nobody does without a login what needs one, and nothing of another's application is done."""
    for way, row in lines().items():
        open_to_all = way.name.startswith(("login", "account_", "socialaccount_", "mfa_", "sso", "saml", "openid", "scim-service", "scim-described")) or way.name in {
            "/api/v1/health", "/api/v1/token/exchange", "/api/v1/callbacks/{secret}", "logout",
        }  # fmt: skip
        if not open_to_all:
            assert row["anonymous"] in {"login", "-"}, way
        # What is not seen is not chosen: a change of no issue is done, and is nothing.
        if row["viewer"] in {"refused", "told"} and way.name not in {"triage", "/api/v1/triage", "confirm-dismissals"}:
            assert row["stranger"] != "done", way
        if row["admin"] == "missing":
            assert row["viewer"] != "done", way


ELSEWHERE = {
    "/api/v1/decisions/terraform": "a signature lets in, no role: tests/api/test_decisions.py",
    "/api/v1/callbacks/{secret}": "the far side's signature lets in, no role: tests/outbox",
    "/api/v1/token/exchange": "an identity token lets in, no role: test_federation.py",
    "openid_connect_login": "needs a provider that answers: tests/access/test_sso.py",
    "openid_connect_callback": "needs a provider that answers: tests/access/test_sso.py",
    "saml_login": "needs a provider that answers: tests/access/test_saml.py",
    "saml_acs": "needs a provider that answers: tests/access/test_saml.py",
    "saml_finish_acs": "needs a provider that answers: tests/access/test_saml.py",
    "saml_metadata": "needs a provider that answers: tests/access/test_saml.py",
    "saml_sls": "needs a provider that answers: tests/access/test_saml.py",
    "mfa_reauthenticate_webauthn": "needs a passkey that signs: tests/browser/test_access.py",
    "scim-nothing": "answers for what SCIM does not know: there is nothing to be let in to",
    "socialaccount_login_error": "leads to the log-in, whoever asks",
}
"""Ways that nobody gets through here, and where it is shown that somebody does."""
UNPROVEN: frozenset[tuple[str, str]] = frozenset()
"""Ways whose example is still to be made: this list only gets shorter."""


def test_every_way_is_shown_from_both_sides() -> None:
    """A way that refuses everybody may refuse for another reason than a right: somebody has to get through."""
    refusing = {
        (way.name, way.method) for way, row in lines().items()
        if not {row[actor] for actor in ACTORS} & {"done"} and {row[actor] for actor in ACTORS[1:]} != {"-"}
    }  # fmt: skip
    found = {(name, method) for name, method in refusing if name not in ELSEWHERE}
    assert found == UNPROVEN
    assert {name for name, _ in refusing} >= ELSEWHERE.keys(), "a reason for a way that is shown by now"


def test_what_may_not_be_seen_is_as_if_it_were_not_there(scene: Scene) -> None:
    """The same words, and as many statements, for what is another's and for what does not exist."""
    nothing = Things({**scene.things.values, **{name: _absent(value) for name, value in scene.things.values.items()}})
    looked = 0
    for way, row in lines().items():
        if way.method != "GET" or row["other"] != "missing" or row["viewer"] != "done":
            continue
        told = []
        for things in (scene.things, nothing):
            ask(scene, "other", way, things)
            with CaptureQueriesContext(connection) as queries:
                answer = ask(scene, "other", way, things)
            told.append((answer.status_code, _plain(answer), len(queries)))
        assert told[0][:2] == told[1][:2], way
        assert abs(told[0][2] - told[1][2]) <= 1, way
        looked += 1
    assert looked > 15


def _absent(value: object) -> object:
    if isinstance(value, int):
        return 987_654_321
    text = str(value)
    if re.fullmatch(r"SM-\d+", text):
        return "SM-987654321"
    if re.fullmatch(r"W-\d+", text):
        return "W-987654321"
    if re.fullmatch(r"[a-z]+-\d+", text):
        return text.partition("-")[0] + "-987654321"
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return "0" * 64
    return "storefrent" if text == "storefront" else value


def _plain(answer: HttpResponse) -> str:
    """Return an answer without what differs between any two: secrets of the form, and the address that was asked for."""
    text = re.sub(
        r'name="csrfmiddlewaretoken" value="[^"]+"|X-CSRFToken": "[^"]+"', "", answer.content.decode("utf-8", "replace")
    )
    path = answer.wsgi_request.get_full_path()
    return text.replace(path, "…")


def test_no_answer_to_another_says_a_word_of_the_application(scene: Scene) -> None:
    """Counts, completion, exports, graphs, lists: nothing that can be read names what must not be seen."""
    read = 0
    for way, row in lines().items():
        if way.method == "GET" and row["other"] == "done" and way.name not in ECHOES:
            text = ask(scene, "other", way).content.decode("utf-8", "replace")
            found = MARKS.search(re.sub(r'placeholder="[^"]*"', "", text))
            assert found is None, (way, found)
            read += 1
    assert read > 40


def test_numbers_on_pages_are_those_of_what_may_be_seen(scene: Scene) -> None:
    def counted(actor: str) -> int:
        answer = ask(scene, actor, Way("api", "/api/v1/issues", "GET"))
        number: int = answer.json()["count"]["number"]
        return number

    assert counted("other") == Issue.objects.filter(application=scene.other).count() == 1
    assert counted("stranger") == 0
    assert counted("viewer") > 1
