"""What triage rules do to issues: who stands for a rule, what it changed, and what it asks others to send."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.issues import Issue


class RuleStand(models.Model):
    """A version of a triage rule, with the person whose rights it acts with. One row for each digest."""

    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    """The policy's version; see `Policy.digest`."""
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who wrote it here, or took it over from a folder, a repository or the starter rules."""
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """The second person who let it act, where that is asked for."""
    taken_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    stopped = models.TextField(blank=True, default="")
    """Why it acts no more, or not everywhere; empty where nothing is in its way."""
    stopped_at = models.DateTimeField(null=True)
    matched = models.IntegerField(default=0)
    """Issues that it held for when everything was last looked at."""
    effects = models.IntegerField(default=0)
    """Changes of its that stood then."""
    run_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["name"], name="rule_stand_name")]


class RuleEffect(models.Model):
    """What rules made of one thing about one issue, and what it was before: taken back when they no longer ask for it."""

    issue = models.ForeignKey(
        Issue, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="rule_effects"
    )
    field = models.CharField(max_length=80)
    """`state`, `owner`, `assignee`, `priority`, `due`, or `tag:NAME` and `group:NAME`."""
    rule = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    """What there was without rules."""
    value = models.JSONField(null=True)
    """What the rule set."""
    held = models.BooleanField(default=False)
    """A person has decided since: rules leave this alone from then on."""
    event = models.BigIntegerField(default=0)
    """The newest event when it was written: what people did later counts more."""
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issue", "field"], name="rule_effect_once")]
        indexes: ClassVar = [
            models.Index(fields=["rule", "issue"], name="rule_effect_of_rule"),
            models.Index(fields=["field", "issue"], name="rule_effect_field"),
        ]


class WishKind(models.TextChoices):
    """What somebody else is asked to do."""

    TICKET = "ticket", "open a ticket"
    NOTIFY = "notify", "tell somebody"
    FIX = "fix", "propose the fix"


class RuleWish(models.Model):
    """Something that a rule wants sent or opened for an issue. Whoever does it sets `taken_at`; it is wished for once."""

    kind = models.CharField(max_length=10, choices=WishKind.choices)
    issue = models.ForeignKey(
        Issue, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="wishes"
    )
    rule = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    """The version of the rule that asked first."""
    target = models.CharField(max_length=200, blank=True, default="")
    """For `notify`: whom, as the rule writes it."""
    at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    """When the rule stopped asking for it. Before it was taken the row goes; afterwards whoever took it may close what it opened."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issue", "kind", "rule", "target"], name="rule_wish_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "id"], condition=models.Q(taken_at=None), name="rule_wish_waiting"),
            models.Index(fields=["rule"], name="rule_wish_of_rule"),
        ]
