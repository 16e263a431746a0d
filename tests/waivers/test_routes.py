"""No other way through a gate: every form and every endpoint that changes something, tried by those who may not approve waivers.

A route that is not named here fails the test: whoever adds one says what it can do to a gate, and adds a try where it can do something.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, NamedTuple

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.triage import context
from seamark.governance.triage import service as triage
from seamark.governance.waivers import service
from seamark.governance.waivers.effective import waived
from seamark.interfaces.api.api import api
from seamark.interfaces.cli.main import COMMANDS
from seamark.pipeline import aliasing, merging
from seamark.pipeline.people import SCOPES, make_token
from seamark.pipeline.waiving import stops
from seamark.store.access import APPROVES_WAIVERS, everything, visible_to
from seamark.store.models import Application, Bundle, Event, Finding, Issue, MergeDecision, User, Waiver
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.models.waivers import Scope
from tests.factories import make_person
from tests.waivers.conftest import asked_for

READS: Final = re.compile("home")
"""Leads elsewhere, whatever the method."""
PEOPLE: Final = re.compile(
    "log(in|out)|compliance-auditors|let_auditor_in|end_auditor_access|account.*|mfa_.*|socialaccount_.*|openid_.*|saml_.*|sign-on.*|usersessions_list|end-.*|unlink|theme|locale|tour|columns|grants?|groups?|people|person|roles?|tokens?|service-accounts?|(save|remove)-view|outlook|make-token|revoke-token"
    "|.*_(user|group|member|grant|role|token|service_account|session|password)s?"
)
"""Who somebody is and how they come in: what they may do is not given here."""
EVIDENCE: Final = frozenset(
    {
        "imports", "send_report", "send_survey", "engagement-report", "send_pentest_report", "engagement-step", "ask_for_retest",
        "withdraw_retest", "judge_retest",
    }
)  # fmt: skip
"""What scanners, surveys and testers say, of those who may import: facts, which close and open issues. No decision of anybody.

A retest takes a proof and a second person; see tests/engagements."""
JUDGEMENT: Final = frozenset(
    {
        "triage", "undo", "comment", "assign", "join", "split", "revoke", "decide", "change_issue", "preview_triage", "triage_issues",
        "undo_triage", "accept_suggestion", "reject_suggestion", "join_issues", "split_issue", "keep_issues_apart", "revoke_decision",
        "confirm-dismissals", "confirm_dismissals",
    }
)  # fmt: skip
"""What an issue is, and whether it is one: the rights `issue.triage` and `issue.dismiss`. A dismissal counts at gates once somebody with
`waiver.approve` has confirmed it."""
RULES: Final = frozenset({"rule-stand", "adopt_rule", "take_over_rule", "approve_rule", "try_rule"})
"""Triage rules: the right `policy.edit`, and they do no more than their people may; see tests/automation."""
LOWERING: Final = frozenset(
    {
        "application", "set_context", "revoke_alias", "restore_alias", "remove_jewel", "risk-profile", "create_profile", "apply_profile",
        "withdraw_profile", "preview_profile", "shield-keep", "shield-withdraw", "keep_virtual_patch", "withdraw_virtual_patch",
    }
)  # fmt: skip
"""What facts and scores are made of: to lower them takes the right to approve waivers."""
POLICIES: Final = re.compile("policy-.*|bundle-.*|.*_(policy|policies|bundle|violations?)")
"""The rules themselves: the right `policy.edit`, which of the product's roles only admin has."""
WAIVERS: Final = frozenset(
    {
        "waiver-new",
        "waiver-decide",
        "waiver-renew",
        "request_waiver",
        "approve_waiver",
        "refuse_waiver",
        "revoke_waiver",
        "renew_waiver",
    }
)
HARMLESS: Final = frozenset(
    {
        "comment-change",
        "add_comment",
        "change_comment",
        "delete_comment",
        "watch",
        "watch_issue",
        "unwatch_issue",
        "risk-profile-preview",
        "fix-plan",
        "asset-owners",
        "set_owners",
        "add_jewel",
        "ask_gate",
        "make_decision",
        "answer_run_task",
        "engagement-new",
        "engagement-change",
        "create_engagement",
        "change_engagement",
        "close_engagement",
        "reopen_engagement",
        "add_engagement_tester",
        "remove_engagement_tester",
        "add_pentest_proof",
        "remove_pentest_proof",
        "recognition-choose",
        "compliance-bring",
        "compliance-gap",
        "compliance-evidence",
        "compliance-control",
        "bring_framework",
        "retire_framework",
        "assign_gap",
        "freeze_snapshot",
        "give_evidence",
        "compliance-packs",
        "make_pack",
        "make_board_pack",
        "analytics-pack-make",
        "analytics-costs",
        "analytics-save",
        "analytics-forget",
        "change_costs",
    }
)
"""They change nothing that a gate could be passed by: owners, what counts for more, verdicts themselves."""
OTHERS: Final = re.compile(
    r".*webhook.*|replay_message|scim.*|.*federation.*|exchange_token|validate.*|admission|.*_job|jobs|feeds|update_feeds"
    r"|connections|.*_connections?|tickets|.*_tickets?|ticket-open|.*_ticket_mappings?|deliveries|.*_deliver(y|ies)|subscriptions|.*_subscriptions?|take_callback"
    r"|pulls|pull-open|pull-repositories|.*_pull_(requests?|repositor(y|ies)|merging)|ask_for_pull_request|suggested.*|.*_suggested_fix"
)
"""They send or answer, and decide nothing. What call-backs carry is done by the author's rights, see tests/outbox/test_hearing.py."""

COMMANDS_WITHOUT_PERSON: Final = frozenset(
    {
        "join",
        "split",
        "apart",
        "unmerge",
        "suggestions",
        "aliases",
        "crown",
        "import",
        "scan",
        "risk",
        "policy",
        "engagement",
    }
)
"""Commands of whoever holds the database's file or password, who could change it without them; the ledger tells."""


class Scene(NamedTuple):
    """What there is to try with."""

    shop: Application
    blocking: Issue
    """It violates a policy."""
    exempt: Issue
    """A waiver covers it."""
    dismissed: Issue
    doubted: Issue
    """Dismissed by an analyst, and confirmed by nobody."""
    change: str
    """The change that took an earlier dismissal of `blocking` back."""
    requested: Waiver
    """For `blocking`, by `dev`."""
    approved: Waiver
    expired: Waiver


@pytest.fixture
def scene(world: dict[str, Application], dev: User, tom: User) -> Scene:
    shop = world["shop"]
    refs = [
        int(one.ref.removeprefix("SM-"))
        for one in stops(everything(), Issue.objects.filter(application=shop).values_list("pk", flat=True))
    ]
    blocking = Issue.objects.filter(pk__in=refs, application=shop).order_by("-risk")[0]
    exempt, dismissed, doubted = (
        Issue.objects.filter(application=shop, open=True).exclude(pk=blocking.pk).order_by("risk")[:3]
    )
    triage.change_state(
        make_person("ann", Role.ANALYST), Issue.objects.filter(pk=doubted.pk), State.DISMISSED, "duplicate", "as before"
    )
    triage.change_state(tom, Issue.objects.filter(pk=dismissed.pk), State.DISMISSED, "not_affected", "looked at it")
    triage.change_state(tom, Issue.objects.filter(pk=blocking.pk), State.DISMISSED, "false_positive", "an error")
    triage.change_state(tom, Issue.objects.filter(pk=blocking.pk), State.OPEN)
    change = str(Event.objects.filter(issue=blocking, kind="state").latest("pk").details["change"])
    approved = service.approve(tom, service.request(dev, asked_for(exempt)))
    expired = service.approve(tom, service.request(dev, asked_for(blocking)))
    Waiver.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    return Scene(
        shop, blocking, exempt, dismissed, doubted, change, service.request(dev, asked_for(blocking)), approved, expired
    )


def let_through() -> tuple[set[int], set[tuple[str, int]]]:
    """Return the findings that waivers cover, and policies with the findings of the issues that violate them."""
    issues = list(Issue.objects.values_list("pk", flat=True))
    of: dict[int, set[int]] = {}
    for finding, issue in Finding.objects.filter(closed_in=None).values_list("pk", "issue"):
        of.setdefault(issue, set()).add(finding)
    covered = {finding for issue in waived(issues) for finding in of.get(issue, ())}
    counts = Q(state__lte=State.IN_PROGRESS) | Q(dismissal_unconfirmed=True)
    open_ = Issue.objects.filter(counts, merged_into=None).values_list("pk", flat=True)
    violating = {
        (one.policy, finding)
        for one in stops(everything(), open_)
        for finding in of.get(int(one.ref.removeprefix("SM-")), ())
    }
    return covered, violating


@contextmanager
def tried() -> Iterator[None]:
    """Take everything back afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


POLICY_OFF: Final = """apiVersion: seamark.dev/v1
kind: Policy
metadata: {name: kev-overdue}
spec: {match: issue.kev, mode: off, stages: {build: block}}
"""
Try = tuple[str, str, str, dict[str, Any]]
BODIES: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "approve": lambda end: {"comment": "x", "expires": end},
    "refuse": lambda _: {"comment": "x"},
    "renew": lambda end: {"text": "x", "expires": end},
}


def tries(scene: Scene) -> list[Try]:
    """Return what somebody would try: the route, method, path and what is sent."""
    blocking, exempt, dismissed = scene.blocking.reference, scene.exempt.reference, scene.dismissed.reference
    end = (timezone.now() + timedelta(days=5)).date().isoformat()
    finding = Finding.objects.filter(issue=scene.exempt).values_list("pk", flat=True)[0]
    dismissal = {"state": "dismissed", "comment": "no"}
    shop = f"/applications/{scene.shop.slug}"
    names = ["CVE-2021-44228", "CVE-2021-45046"]
    found: list[Try] = [
        *(("triage", "form", "/issues/triage/", {"issue": scene.blocking.pk, **dismissal, "resolution": reason}) for reason in ("accepted", "false_positive", "not_affected", "duplicate", "suppressed")),
        ("triage", "form", "/issues/triage/", {"issue": scene.blocking.pk, "state": "resolved"}),
        *(("confirm-dismissals", "form", "/dismissals/confirm/", {"issue": scene.doubted.pk, "what": what}) for what in ("confirm", "reopen")),
        ("confirm_dismissals", "POST", "/dismissals/confirm", {"issues": [scene.doubted.reference]}),
        ("undo", "form", "/issues/undo/", {"change": scene.change}),
        ("comment", "form", f"/issues/{blocking}/comment/", {"comment": "/waive"}),
        ("assign", "form", f"/issues/{blocking}/assign/", {"assignee": "tom"}),
        ("join", "form", f"/issues/{blocking}/join/", {"with": dismissed, "reason": "one"}),
        ("join", "form", f"/issues/{blocking}/join/", {"with": exempt, "reason": "one"}),
        ("join", "form", f"/issues/{exempt}/join/", {"with": blocking, "reason": "one"}),
        ("split", "form", f"/issues/{exempt}/split/", {"finding": finding}),
        ("application", "form", f"{shop}/", {"criticality": "4", "exposure": "none", "description": "x"}),
        ("asset-owners", "form", f"/assets/{scene.blocking.asset_id}/owners/", {"owners": "team:web"}),
        ("risk-profile", "form", "/risk-profile/", {"action": "apply", "base": "-9"}),
        ("waiver-new", "form", "/waivers/new/", {"issue": scene.blocking.pk, "reason": "accepted", "text": "x", "expires": end}),
        ("waiver-decide", "form", f"/waivers/{scene.requested.reference}/decide/", {"decision": "approve", "expires": end, "seen": "9"}),
        ("waiver-decide", "form", f"/waivers/{scene.expired.reference}/decide/", {"decision": "approve", "expires": end, "seen": "9"}),
        ("waiver-renew", "form", f"/waivers/{scene.expired.reference}/renew/", {"text": "x", "expires": end}),
        *(("change_issue", "PATCH", f"/issues/{blocking}", {**dismissal, "resolution": reason}) for reason in ("accepted", "false_positive", "suppressed")),
        ("change_issue", "PATCH", f"/issues/{blocking}", {"severity": "info", "labels": ["waived"], "risk": 0, "waived": True}),
        ("triage_issues", "POST", "/triage", {"issues": [blocking], **dismissal, "resolution": "not_affected"}),
        ("triage_issues", "POST", "/triage", {"q": f"id:{blocking}", **dismissal, "resolution": "false_positive"}),
        ("undo_triage", "POST", "/triage/undo", {"changes": [scene.change]}),
        ("join_issues", "POST", f"/issues/{blocking}/join", {"with": [dismissed], "reason": "one"}),
        ("join_issues", "POST", f"/issues/{exempt}/join", {"with": [blocking], "reason": "one"}),
        ("split_issue", "POST", f"/issues/{exempt}/split", {"findings": [finding]}),
        ("keep_issues_apart", "POST", f"/issues/{blocking}/apart", {"from": exempt}),
        ("set_context", "PUT", f"{shop}/context", {"exposure": "none", "criticality": 4, "data_classes": []}),
        ("set_context", "PUT", f"{shop}/context", {"exposure": None}),
        ("revoke_alias", "POST", f"/aliases/{names[0]}/revoke", {"other": names[1]}),
        ("restore_alias", "POST", f"/aliases/{names[0]}/restore", {"other": names[1]}),
        ("set_owners", "PUT", f"/assets/{scene.blocking.asset_id}/owners", {"owners": ["team:web"]}),
        ("add_jewel", "POST", "/crown-jewels", {"what": "pkg:npm/lodash"}),
        ("remove_jewel", "POST", "/crown-jewels/withdraw", {"what": "pkg:npm/lodash"}),
        ("create_profile", "POST", "/risk/profiles", {"name": "none", "weights": {}}),
        ("apply_profile", "POST", f"/risk/profiles/{scene.blocking.profile_id}/apply", {}),
        ("withdraw_profile", "POST", "/risk/profiles/withdraw", {}),
        ("ask_gate", "POST", "/gate", {"application": scene.shop.slug, "stage": "build"}),
        ("request_waiver", "POST", "/waivers", {"scope": "issue", "issues": [blocking], "reason": "accepted", "text": "x", "expires": end}),
        ("request_waiver", "POST", "/waivers", {"scope": "policy", "policy": "kev-overdue", "reason": "accepted", "text": "x", "expires": end}),
        ("policy-withdraw", "form", "/policies/kev-overdue/withdraw/", {"comment": "x"}),
        ("policy-editor", "form", "/policy-editor/", {"text": POLICY_OFF, "comment": "x", "name": "kev-overdue"}),
        ("bundle-sync", "form", f"/bundles/{Bundle.objects.all()[0].pk}/sync/", {}),
        ("give_role", "POST", "/grants", {"user": User.objects.get(username="eve").pk if User.objects.filter(username="eve").exists() else 1, "role": "approver"}),
        ("make_role", "POST", "/roles", {"name": "mine", "permissions": ["waiver.approve"]}),
        *((f"{what}_waiver", "POST", f"/waivers/{row.reference}/{what}", {**BODIES[what](end)}) for what in ("approve", "refuse", "renew") for row in (scene.requested, scene.expired)),
    ]  # fmt: skip
    return found


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.DEVELOPER, Role.ANALYST])
def test_without_the_right_nothing_passes(scene: Scene, role: Role) -> None:
    person = make_person("eve", role)
    browser, caller = Client(raise_request_exception=False), Client(raise_request_exception=False)
    browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    caller.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(person, 'tests', scopes=SCOPES)}"
    covered, violating = let_through()
    assert covered
    assert any(
        finding in Finding.objects.filter(issue=scene.blocking).values_list("pk", flat=True) for _, finding in violating
    )
    for route, method, path, body in tries(scene):
        with tried():
            if method == "form":
                answer = browser.post(path, body)
            else:
                answer = caller.generic(method, f"/api/v1{path}", json.dumps(body), content_type="application/json")
            told = f"{role} by {route}: {method} {path} {body} -> {answer.status_code}"
            assert answer.status_code < 500, told
            assert not visible_to(User.objects.get(pk=person.pk)).may_anywhere(APPROVES_WAIVERS), told
            covers, violates = let_through()
            assert covers <= covered, told
            assert violating <= violates, told
    assert let_through() == (covered, violating)


def test_with_the_right_it_passes(scene: Scene) -> None:
    """The tries are real ones: with the right they go through."""
    person = make_person("root", Role.ADMIN)
    browser, caller = Client(), Client()
    browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    caller.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(person, 'tests', scopes=SCOPES)}"
    through, done = set(), set()
    covered, violating = let_through()
    for route, method, path, body in tries(scene):
        with tried():
            if method == "form":
                answer = browser.post(path, body)
            else:
                answer = caller.generic(method, f"/api/v1{path}", json.dumps(body), content_type="application/json")
            if answer.status_code < 400:
                done.add(route)
            covers, violates = let_through()
            if covers - covered or violating - violates:
                through.add(route)
    assert through >= {
        "triage", "undo", "join", "waiver-decide", "application", "change_issue", "triage_issues", "undo_triage", "join_issues", "set_context",
        "approve_waiver",
    }  # fmt: skip
    assert done >= {"keep_issues_apart", "add_jewel", "ask_gate", "request_waiver", "renew_waiver", "refuse_waiver"}


class TestSequences:
    """Ways in several steps, by somebody who may triage and dismiss, and not approve."""

    @pytest.fixture
    def ada(self, scene: Scene) -> User:
        return make_person("ada", Role.ANALYST)

    def test_joined_into_what_is_waived(self, scene: Scene, ada: User) -> None:
        kept = merging.join_issues(ada, [scene.exempt, scene.blocking], "one")
        assert waived([kept.pk, scene.exempt.pk, scene.blocking.pk]) == {}
        merging.take_back(ada, MergeDecision.objects.latest("pk"))
        assert set(waived([scene.exempt.pk, scene.blocking.pk])) == {scene.exempt.pk}

    def test_joined_into_what_a_query_covers(self, scene: Scene, dev: User, tom: User, ada: User) -> None:
        query = asked_for(scope=Scope.QUERY, query=f"id:{scene.exempt.reference}", application=scene.shop)
        service.approve(tom, service.request(dev, query))
        kept = merging.join_issues(ada, [scene.exempt, scene.blocking], "one")
        assert waived([kept.pk]) == {}

    def test_split_until_it_fits_a_query(self, scene: Scene, dev: User, tom: User, ada: User) -> None:
        issue = next(
            one for one in Issue.objects.filter(application=scene.shop, open=True).order_by("pk")
            if Finding.objects.filter(issue=one).values("stream__tool").distinct().count() > 1
        )  # fmt: skip
        tools = list(Finding.objects.filter(issue=issue).order_by("pk").values_list("stream__tool", "pk"))
        query = asked_for(scope=Scope.QUERY, query=f"-tool:{tools[0][0]} id:{issue.reference}", application=scene.shop)
        with pytest.raises(NotAllowed, match="no open issue"):
            service.request(dev, query)
        wide = query._replace(query=f"-tool:{tools[0][0]}")
        service.approve(tom, service.request(dev, wide))
        assert issue.pk not in waived([issue.pk])
        other = merging.split_issue(ada, issue, [tools[0][1]])
        assert issue.pk not in waived([issue.pk, other.pk])

    def test_names_of_flaws(self, scene: Scene, ada: User) -> None:
        with pytest.raises(NotAllowed, match="approver"):
            aliasing.revoke(ada, "CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q")

    def test_a_dismissal_that_was_taken_back_is_not_brought_back_by_undo(self, scene: Scene, tom: User) -> None:
        mia = make_person("mia", Role.ANALYST)
        rows = Issue.objects.filter(pk=scene.blocking.pk)
        triage.change_state(tom, rows, State.DISMISSED, "false_positive", "an error")
        change = triage.change_state(mia, rows, State.OPEN)
        mia.grants.update(role=Role.DEVELOPER)
        with pytest.raises(NotAllowed, match="analyst"):
            triage.undo(User.objects.get(pk=mia.pk), change)
        assert Issue.objects.get(pk=scene.blocking.pk).open

    def test_what_was_accepted_once_comes_back_by_an_approver_only(self, scene: Scene, tom: User, ada: User) -> None:
        rows = Issue.objects.filter(pk=scene.blocking.pk)
        rows.update(state=State.DISMISSED, resolution="accepted", open=False)
        change = triage.change_state(ada, rows, State.OPEN)
        with pytest.raises(NotAllowed, match="approver"):
            triage.undo(ada, change)
        assert triage.undo(tom, change) == 1

    def test_context_is_raised_by_those_who_describe_and_lowered_by_those_who_approve(
        self, scene: Scene, ada: User
    ) -> None:
        shop = scene.shop
        for facts in (
            {"exposure": "internal"}, {"exposure": None}, {"criticality": 4}, {"criticality": None}, {"data_classes": []},
            {"data_classes": ["PHI"]},
        ):  # fmt: skip
            with pytest.raises(NotAllowed, match="look safer"):
                context.describe(ada, shop, facts)
        context.describe(
            ada, shop, {"data_classes": ["PII", "PHI"], "environment": "production", "revenue_per_hour": "10"}
        )
        for facts in (
            {"environment": "test"},
            {"revenue_per_hour": "9"},
            {"revenue_per_hour": None},
            {"environment": None},
        ):
            with pytest.raises(NotAllowed, match="look safer"):
                context.describe(ada, shop, facts)
        context.describe(make_person("root", Role.ADMIN), shop, {"exposure": "internal", "data_classes": []})

    def test_what_is_split_off_is_as_old(self, scene: Scene, ada: User) -> None:
        issue = next(
            one
            for one in Issue.objects.filter(open=True).order_by("pk")
            if Finding.objects.filter(issue=one).count() > 1
        )
        Issue.objects.filter(pk=issue.pk).update(opened_at=timezone.now() - timedelta(days=50))
        other = merging.split_issue(ada, issue, [Finding.objects.filter(issue=issue).values_list("pk", flat=True)[0]])
        assert timezone.now() - other.opened_at > timedelta(days=49)


def _forms(patterns: list[Any]) -> Iterator[str]:
    """Yield the names of addresses that take more than GET."""
    for one in patterns:
        if isinstance(one, URLResolver):
            # The API's own patterns are told by its description, which has every operation.
            if one.app_name != "ninja":
                yield from _forms(one.url_patterns)
        elif isinstance(one, URLPattern) and _takes_more(one):
            yield one.name or str(one.pattern)


def _takes_more(pattern: URLPattern) -> bool:
    """Ask with a method that nobody takes, for those that are taken."""
    request = RequestFactory().generic("TRACE", "/")
    request.user = AnonymousUser()
    try:
        answer = pattern.callback(request)
    except Exception:  # noqa: BLE001 - it did not refuse the method
        return True
    return answer.status_code != 405 or bool(
        {"POST", "PUT", "PATCH", "DELETE"} & set(re.findall("[A-Z]+", answer.headers.get("Allow", "")))
    )


def _changes() -> Iterator[str]:
    for path in api.get_openapi_schema()["paths"].values():
        for method, told in path.items():
            if method != "get":
                yield told["operationId"]


def test_every_form_is_known() -> None:
    known = EVIDENCE | JUDGEMENT | LOWERING | WAIVERS | HARMLESS | RULES
    names = set(_forms(get_resolver().url_patterns))
    assert names >= {"triage", "waiver-decide", "application", "imports"}
    unknown = {
        name
        for name in names
        if name not in known and not any(sort.fullmatch(name) for sort in (READS, PEOPLE, POLICIES, OTHERS))
    }
    assert not unknown, f"say in this file what these can do to a gate: {sorted(unknown)}"


def test_every_endpoint_is_known() -> None:
    known = EVIDENCE | JUDGEMENT | LOWERING | WAIVERS | HARMLESS | RULES
    unknown = {
        name
        for name in _changes()
        if name not in known and not any(sort.fullmatch(name) for sort in (PEOPLE, POLICIES, OTHERS))
    }
    assert not unknown, f"say in this file what these can do to a gate: {sorted(unknown)}"


def test_each_that_could_is_tried(scene: Scene) -> None:
    tried_routes = {route for route, *_ in tries(scene)}
    needs_more = {
        "revoke",
        "decide",
        "accept_suggestion",
        "reject_suggestion",
        "revoke_decision",
        "preview_triage",
        "preview_profile",
        "revoke_waiver",
    }
    # Who is a developer is refused all of them in tests/remediation/pulls/test_shields.py: they need an issue at a web address.
    needs_more |= {"shield-keep", "shield-withdraw", "keep_virtual_patch", "withdraw_virtual_patch"}
    assert tried_routes | needs_more >= JUDGEMENT | LOWERING | WAIVERS


def test_commands_that_ask_nobody_are_known() -> None:
    assert set(COMMANDS) >= COMMANDS_WITHOUT_PERSON
