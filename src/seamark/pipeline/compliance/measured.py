"""Measures the installation: its ledger, policies, exceptions, people and feeds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import DateTimeField, ExpressionWrapper, F, Min, Q
from django.db.models.functions import Coalesce

from seamark.core.severity import Severity
from seamark.governance.access.administrators import administrators
from seamark.governance.compliance.installation import Installation
from seamark.governance.policy.kept.sync import in_force
from seamark.governance.policy.model import Effect, Stage, Type
from seamark.pipeline.compliance.standing import REVIEW
from seamark.store.models import (
    Application,
    ChannelConnection,
    Checkpoint,
    ComplianceEvidence,
    Engagement,
    FeedState,
    Issue,
    Token,
    User,
    Verdict,
    Waiver,
)
from seamark.store.query.waived import live

_QUARTER: Final = timedelta(days=90)
_YEAR: Final = timedelta(days=366)
_DEPLOY: Final = str(Stage.DEPLOY)


def installation(now: datetime) -> Installation:
    """Return the facts of the installation at this time."""
    return Installation(**_policies(now), **_decisions(now), **_people(now), **_knowledge(now))


def _policies(now: datetime) -> dict[str, int]:
    day = now.date()
    every = in_force().policies
    effects = [{stage: one.effect(stage, day) for stage in Stage} for one in every]
    changes = (Stage.PULL_REQUEST, Stage.BUILD)
    clocked = Issue.objects.filter(open=True, severity__gte=Severity.HIGH.value).exclude(clock__isnull=False)
    return {
        "policies_in_force": sum(1 for one in effects if set(one.values()) != {Effect.OFF}),
        "policies_blocking_changes": sum(1 for one in effects if Effect.BLOCK in {one[stage] for stage in changes}),
        "policies_blocking_deploys": sum(1 for one in effects if one[Stage.DEPLOY] is Effect.BLOCK),
        "policies_watching": sum(1 for one in effects if one[Stage.MONITOR] is not Effect.OFF),
        "service_levels": sum(1 for one in every if one.spec.type is Type.SLA),
        "issues_without_clock": clocked.count(),
    }


def _decisions(now: datetime) -> dict[str, int | None]:
    signed = Checkpoint.objects.order_by("-size").values_list("at", flat=True).first()
    verdicts = Verdict.objects.filter(at__gt=now - _QUARTER, at__lte=now)
    waivers = live(now)
    ends = ExpressionWrapper(Coalesce(F("decided_at"), F("requested_at")) + _YEAR, output_field=DateTimeField())
    long = Waiver.objects.filter(pk__in=waivers.values("pk")).annotate(longest=ends).filter(expires_at__gt=F("longest"))
    return {
        "ledger_signed_days": max((now - signed).days, 0) if signed is not None else None,
        "gates_90_days": verdicts.exclude(stage=_DEPLOY).count(),
        "deploy_gates_90_days": verdicts.filter(stage=_DEPLOY).count(),
        "waivers_without_control": waivers.filter(control=None, control_text="").count(),
        "waivers_over_a_year": long.count(),
        "dismissals_unconfirmed": Issue.objects.filter(dismissal_unconfirmed=True).count(),
    }


def _people(now: datetime) -> dict[str, int | None]:
    there = User.objects.filter(is_active=True, left_at=None)
    made = there.filter(is_service=False, date_joined__lt=now - _QUARTER)
    tokens = Token.objects.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)
    ends = ExpressionWrapper(F("created_at") + _YEAR, output_field=DateTimeField())
    reviewed = ComplianceEvidence.objects.filter(name=REVIEW, frozen_at__lte=now).order_by("-frozen_at")
    review = reviewed.values_list("frozen_at", flat=True).first()
    return {
        "administrators": administrators().count(),
        "services_without_person": there.filter(is_service=True).filter(Q(responsible=None) | Q(responsible__is_active=False)).count(),
        "people_idle_90_days": made.filter(Q(last_login=None) | Q(last_login__lt=now - _QUARTER)).count(),
        "tokens_over_a_year": tokens.annotate(longest=ends).filter(expires_at__gt=F("longest")).count(),
        "tokens_idle_90_days": tokens.filter(created_at__lt=now - _QUARTER).filter(Q(last_used_at=None) | Q(last_used_at__lt=now - _QUARTER)).count(),
        "access_review_days": max((now - review).days, 0) if review is not None else None,
    }  # fmt: skip


def _knowledge(now: datetime) -> dict[str, Any]:
    oldest = FeedState.objects.aggregate(oldest=Min("loaded_at"))["oldest"]
    applications = Application.objects.count()
    since = now.date() - timedelta(days=365)
    tested = Engagement.objects.filter(ends__gte=since, starts__lte=now.date(), reports__isnull=False)
    share = 100 * tested.values("application").distinct().count() / applications if applications else None
    return {
        "feeds_days": max((now - oldest).days, 0) if oldest is not None else None,
        "pentested_percent": share,
        "channels": ChannelConnection.objects.filter(active=True).count(),
    }
