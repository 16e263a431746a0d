"""An example of everything that a request can be about, so that each way in leads somewhere for whoever may go there."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData
from msgspec import to_builtins
from msgspec.structs import replace

from seamark.analysis.risk import default_profile
from seamark.governance.ledger import checkpoints
from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import STARTER, declare, sync
from seamark.governance.triage import service as triage
from seamark.governance.waivers import service as waivers
from seamark.governance.waivers.words import Asked
from seamark.pipeline import crowns, desk, jobs, merging, profile_yaml, profiles
from seamark.pipeline.engagements import agreeing, retesting
from seamark.pipeline.engagements.reporting import Sending as PentestSending
from seamark.pipeline.engagements.reporting import take
from seamark.pipeline.people import make_token
from seamark.pipeline.pulls import repositories
from seamark.pipeline.signon import providers
from seamark.pipeline.signon.model import Provider
from seamark.store.models import (
    AliasAssertion,
    Application,
    Asset,
    Bundle,
    BusinessUnit,
    Event,
    Issue,
    Job,
    Match,
    MergeDecision,
    PullRequest,
    Sbom,
    Token,
    User,
    VulnerabilityName,
    Webhook,
    WebhookMessage,
)
from seamark.store.models.issues import State
from seamark.store.models.policies import BundleKind
from seamark.store.models.requests import JobState
from seamark.store.models.waivers import Scope
from seamark.store.models.webhooks import MessageState
from seamark.store.secretbox import seal
from tests.factories import import_findings
from tests.policy.written import text

IMAGE = "registry.example/shop@sha256:" + "a" * 64
SEVERE = text("issue.severity >= HIGH", "description: Nothing severe", name="severe")
SIGN_ON = {
    "kind": "oidc", "slug": "entra", "name": "Entra", "address": "https://acme.entra.example", "client_id": "c1", "secret": "hush-hush",
    "groups_claim": "groups", "groups": "", "enabled": "on",
}  # fmt: skip
REVIEW = {
    "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
    "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
        "resource": {"group": "", "version": "v1", "resource": "configmaps"}, "name": "x", "namespace": "shop", "operation": "CREATE",
        "userInfo": {"username": "admin"}, "object": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, "oldObject": None,
    },
}  # fmt: skip


def survey() -> io.BytesIO:
    """Return a survey of a working tree."""
    rows = [
        {"asset": "repository", "kind": "repository", "key": "git.example/harbour/till", "origin": "tree", "facts": {}},
        {"asset": "service", "key": "git.example/harbour/till//.", "name": "till", "origin": "services", "at": "app.py:1"},
    ]  # fmt: skip
    return io.BytesIO(b"\n".join(json.dumps(row).encode() for row in rows) + b"\n")


def of_rules(admin: User, home: Path) -> dict[str, Any]:
    """Put policies in force, written here and shipped, keep a draft of a profile and let a unit have its own."""
    now = timezone.now()
    sync(declare(STARTER, BundleKind.STARTER), now=now, cache=home)
    folder = home / "rules"
    folder.mkdir()
    (folder / "folded.yaml").write_text(text("issue.kev", name="folded"))
    sync(declare("folder", BundleKind.FOLDER, str(folder)), now=now, cache=home)
    save(SEVERE, actor=admin, comment="because", now=now)
    own = default_profile()
    draft = profiles.draft(admin, replace(own, name="ours", version=1, intercept=own.intercept + 0.7))
    profiles.apply(admin, draft, BusinessUnit.objects.get(name="Retail"))
    starter = Bundle.objects.get(kind=BundleKind.STARTER)
    return {
        "/policies name": "severe", "policy name": "severe", "policy-withdraw name": "severe", "bundle-sync number": starter.pk,
        "/risk/profiles number": draft.pk, "risk-profile-yaml number": draft.pk, "bundle": "folder",
    }  # fmt: skip


@cache
def profile_text() -> str:
    """Return a profile as the file that it can be taken in from."""
    own = default_profile()
    return profile_yaml.dump(replace(own, name="theirs", version=1, intercept=own.intercept + 0.3))


def profile_content() -> dict[str, Any]:
    """Return a profile as the API takes it."""
    own = default_profile()
    content: dict[str, Any] = to_builtins(replace(own, name="theirs", version=1, intercept=own.intercept + 0.3))
    return content


def of_judgement(admin: User, shop: Application) -> dict[str, Any]:
    """Make decisions about issues, all of the shop: joined, suggested, dismissed, exempted; and one to be split."""
    split = Issue.objects.get(title__startswith="SQL injection", application=shop)
    path, debug, secret, bucket = (
        Issue.objects.get(title__startswith=start, application=shop)
        for start in ("Path built", "Debug mode", "AWS access key", "S3 bucket")
    )
    match = Match.objects.create(
        application=shop, left=split.findings.order_by("pk")[0], right=path.findings.all()[0], merged=False, pending=True, confidence=720,
        reasons=[["close lines", 0.35]], at=timezone.now(),
    )  # fmt: skip
    merging.join_issues(admin, [secret, debug], "one")
    decision = MergeDecision.objects.filter(left__application=shop).latest("pk").pk
    triage.change_state(admin, Issue.objects.filter(pk=bucket.pk), State.CONFIRMED)
    change = Event.objects.filter(issue=bucket, kind="state").latest("pk").details["change"]
    second = User.objects.get(username="second")
    wanted = Asked(
        scope=Scope.ISSUE, reason="no_fix", text="The vendor has promised one", expires_at=timezone.now() + timedelta(days=5),
        issues=(bucket.pk,),
    )  # fmt: skip
    approved = waivers.approve(second, waivers.request(admin, wanted))
    return {
        "/api/v1/issues/{reference}/split reference": split.reference, "split number": split.pk, "decide number": match.pk,
        "/suggestions number": match.pk, "revoke number": decision, "/api/v1/decisions/{number}/revoke number": decision,
        "/api/v1/waivers/{reference}/renew reference": approved.reference, "waiver-renew number": approved.pk,
        "/api/v1/waivers/{reference}/revoke reference": approved.reference, "change": change,
        "findings": list(split.findings.order_by("pk").values_list("pk", flat=True)),
    }  # fmt: skip


PENTEST_FORMS = frozenset(
    {
        "/api/v1/engagements/{reference}/reports",
        "/api/v1/engagements/{reference}/findings/{number}/retest",
    }
)
"""Operations about penetration tests that are sent as forms."""
_MENDED = "Sent the quote again: 400, and no row came back."


def pentest_report(title: str = "Order numbers can be counted") -> io.BytesIO:
    """Return what a tester sends."""
    found = {"title": title, "severity": "high", "kind": "pentest", "rule": title, "cwes": [639]}
    return named(json.dumps({"run": {"tool": "By hand"}, "findings": [found]}), "pentest.json")


def of_engagements(admin: User, shop: Application, home: Path) -> dict[str, Any]:
    """Agree on penetration tests: one with a finding in each state, one that may be closed, one that is closed."""
    today, second = timezone.now().date(), User.objects.get(username="second")
    rows = [
        agreeing.create(admin, shop, agreeing.Terms(name=name, starts=today, ends=today + timedelta(days=5)))
        for name in ("Spring test", "Summer test", "Autumn test")
    ]
    agreeing.close(admin, rows[2])
    found = []
    for name in ("Login can be guessed", "Basket of others", "Export without login"):
        path = home / "pentest.json"
        path.write_bytes(pentest_report(name).getvalue())
        take(admin, rows[0], path, path.name, PentestSending())
        found.append(rows[0].findings.latest("pk"))
    retesting.ready(second, found[1])
    retesting.ready(second, found[2])
    step = retesting.judge(admin, found[2], passed=False, proof=_MENDED).pk
    proven = Issue.objects.filter(application=shop, title__startswith="SQL injection").earliest("pk").reference
    at = "/api/v1/engagements/{reference}"
    return {
        "/engagements reference": rows[0].reference, "/engagements number": found[0].pk, "/engagements issue": proven,
        "/engagements step": step, "/engagements name": "stranger", f"{at}/close reference": rows[1].reference,
        f"{at}/reopen reference": rows[2].reference, f"{at}/findings/{{number}}/withdraw number": found[1].pk,
        f"{at}/findings/{{number}}/retest number": found[1].pk, "engagement number": rows[0].pk, "engagement-change number": rows[1].pk,
        "engagement-report number": rows[0].pk, "engagement-step number": rows[0].pk, "engagement-step finding": found[0].pk,
        "engagement-proof number": rows[0].pk, "engagement-proof step": step, "knowledge-weakness number": 89,
        "knowledge-article name": "sql-injection",
    }  # fmt: skip


def pentest_body(name: str, method: str, shop: Application) -> dict[str, Any]:
    """Return what to send to a way that is about penetration tests or recognition; nothing for others."""
    today = timezone.now().date().isoformat()
    terms = {"name": "Winter test", "starts": today, "ends": today}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("engagement-new", "POST"): {**terms, "application": shop.slug}, ("engagement-change", "POST"): {"action": "close"},
        ("engagement-report", "POST"): {"report": pentest_report()}, ("engagement-step", "POST"): {"action": "ready"},
        ("recognition-choose", "POST"): {"choice": "out"}, ("/engagements", "POST"): {**terms, "application": shop.slug},
        ("/engagements/{reference}", "PUT"): terms, ("/engagements/{reference}/reports", "POST"): {"report": pentest_report()},
        ("/engagements/{reference}/findings/{number}/retest", "POST"): {"passed": "true", "proof": _MENDED},
    }  # fmt: skip
    return bodies.get((name, method), {})


def named(text_: str, name: str) -> io.BytesIO:
    """Return a file to send."""
    content = io.BytesIO(text_.encode())
    content.name = name
    return content


def of_images(shop: Application) -> None:
    """Let a scanner look at an image of the shop, without a finding."""
    import_findings(shop.name, "Grype", [], repository="", ref="", image=IMAGE, run={"successful": True})


def of_names(admin: User) -> None:
    """Let somebody say that names are one flaw: one of those sayings holds, and one is revoked."""
    group = VulnerabilityName.objects.get(name="CVE-2021-44228").group
    for name, revoked in (("GHSA-jfh8-c2jp-5v3q", False), ("GHSA-7rjr-3q55-vv33", True)):
        VulnerabilityName.objects.get_or_create(name=name, defaults={"group": group})
        AliasAssertion.objects.create(
            left="CVE-2021-44228", right=name, asserter="a tool", revoked_at=timezone.now() if revoked else None,
            revoked_by=admin if revoked else None,
        )  # fmt: skip


def of_sending(admin: User) -> dict[str, Any]:
    """Make a webhook of the administrator with a message that was given up."""
    made = Webhook.objects.create(
        owner=admin, name="theirs", url="https://hooks.example/x", kinds=["issue.state"], cursors={}, secret=seal("key")
    )
    event = Event.objects.filter(issue__isnull=False).latest("pk")
    message = WebhookMessage.objects.create(
        webhook=made, reference="msg_1", kind="issue.state", source="event", number=event.pk, body="{}", state=MessageState.FAILED,
    )  # fmt: skip
    return {"/webhooks number": made.pk, "/webhooks message": message.pk}


def of_signing() -> None:
    """Sign the ledger as it is."""
    checkpoints.sign_now()


def of_software(shop: Application) -> dict[str, Any]:
    """Keep a bill of materials of an asset of the shop, and name a crown jewel."""
    asset = Asset.objects.filter(application=shop)[0]
    crowns.name_jewel("pkg:npm/kept", "it is kept")
    bom = Sbom.objects.create(asset=asset, source="a tree", digest="0" * 64)
    return {"inventory number": asset.pk, "inventory sbom": bom.pk}


def of_work(admin: User) -> dict[str, Any]:
    """Let a job wait and another have failed."""
    waiting, failed = (jobs.submit(admin, "triage", {}) for _ in range(2))
    Job.objects.filter(pk=failed.pk).update(state=JobState.FAILED, error="it did")
    return {
        "/api/v1/operations/jobs/{reference}/cancel reference": f"job-{waiting.pk}",
        "/api/v1/operations/jobs/{reference}/retry reference": f"job-{failed.pk}",
    }  # fmt: skip


def of_sign_on() -> dict[str, Any]:
    """Keep a provider of single sign-on."""
    providers.add(
        Provider(slug="okta", kind="oidc", name="Okta", address="https://acme.okta.example", client_id="c1", secret="hush")
    )  # fmt: skip
    return {"sign-on slug": "okta", "sign-on-remove slug": "okta"}


def credential(number: int) -> dict[str, Any]:
    """Return what a browser tells of a passkey that it made, and the server keeps of it."""
    key = ES256.from_cryptography_key(ec.derive_private_key(number, ec.SECP256R1()).public_key())
    name = number.to_bytes(16, "big")
    attested = AttestedCredentialData.create(bytes(16), name, key)
    data = AuthenticatorData.create(hashlib.sha256(b"testserver").digest(), 0x45, 0, attested)
    client = CollectedClientData.create("webauthn.create", b"challenge", "http://testserver")
    said = {
        "clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
    }  # fmt: skip
    number_said = websafe_encode(name)
    return {
        "id": number_said, "rawId": number_said, "type": "public-key", "clientExtensionResults": {}, "response": said,
    }  # fmt: skip


def own(person: User) -> dict[str, Any]:
    """Return what belongs to one person, and nobody else gets at: a view, a token, a session, factors, a link, an address."""
    view = desk.save_view(person, "kept", "kev:true", shared=False)
    make_token(person, "own")
    session = UserSession.objects.create(
        user=person, ip="192.0.2.7", session_key=f"other-{person.pk}", user_agent="Tests"
    )
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    key = Authenticator.objects.create(
        user=person, type="webauthn", data={"name": "key", "credential": credential(person.pk)}
    )
    link = SocialAccount.objects.create(user=person, provider="okta", uid=f"{person.pk}")
    address = EmailAddress.objects.create(user=person, email=f"{person.username}@corp.example")
    return {
        "remove-view number": view.pk, "revoke-token number": Token.objects.filter(user=person, name="own").latest("pk").pk,
        "end-session number": session.pk, "mfa_edit_webauthn pk": key.pk, "mfa_remove_webauthn pk": key.pk, "unlink number": link.pk,
        "account_confirm_email key": EmailConfirmationHMAC(address).key,
    }  # fmt: skip


def of_pulls(shop: Application) -> dict[str, Any]:
    """Keep the shop's repository for pull requests, with one that was merged."""
    asset = Asset.objects.get(application=shop, kind="repository")
    kept = repositories.put(None, asset, **PULLS)
    pull = PullRequest.objects.create(repository=kept, key="k", branch="seamark/x", title="Harbour", state="verified")
    return {"/pull-repositories number": kept.pk, "/pull-requests number": pull.pk, "pull asset": asset.pk}


PULLS: dict[str, Any] = {
    "forge": "github", "api": "https://forge.example", "remote": "https://forge.example/harbour/shop.git", "name": "harbour/shop",
}  # fmt: skip
