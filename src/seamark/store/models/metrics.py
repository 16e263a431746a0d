"""Facts for measures: what became of issues, change by change, and what is worked out from it once a day."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.issues import Issue


class Change(models.IntegerChoices):
    """What a fact says of its issue."""

    OPENED = 1, "opened"
    REOPENED = 2, "reopened"
    FIXED = 3, "fixed"
    DISMISSED = 4, "dismissed"
    MERGED = 5, "became part of another issue"
    AWAY = 6, "seen on other branches only"
    RISK = 7, "scored anew"
    LEFT = 8, "left an owner or a priority"
    JOINED = 9, "came to an owner or a priority"
    ACKNOWLEDGED = 10, "looked at by a person"
    SETTLED = 11, "closed for another reason than before"
    DUE = 12, "due at another time"


class By(models.IntegerChoices):
    """Who did it."""

    SCAN = 0, "a scan"
    PERSON = 1, "a person"
    RULE = 2, "a rule"


class IssueFact(models.Model):
    """One change of an issue's state. Append only: how it stood at a time is the sum of the facts until then.

    `open_change` and `risk_change` count under the columns of their own row: an issue that goes from one owner to another leaves the one
    in a row and joins the other in the next. So a sum over any of the columns is exact at any time.
    """

    id = models.BigAutoField(primary_key=True)
    issue = models.BigIntegerField()
    application = models.IntegerField()
    day = models.DateField()
    """The day of `at`, UTC."""
    at = models.DateTimeField()
    change = models.SmallIntegerField(choices=Change.choices)
    by = models.SmallIntegerField(choices=By.choices, default=By.SCAN)
    open_change = models.SmallIntegerField()
    """1 where an issue more needs work, -1 where one less does, else 0."""
    risk_change = models.IntegerField()
    """By how many tenths of the score the open risk moved."""
    state = models.SmallIntegerField()
    resolution = models.CharField(max_length=40, blank=True, default="")
    severity = models.SmallIntegerField()
    priority = models.SmallIntegerField()
    risk = models.SmallIntegerField()
    kind = models.SmallIntegerField()
    owner = models.TextField(blank=True, default="")
    due = models.DateTimeField(null=True)
    known = models.DateTimeField(null=True)
    """For `OPENED`: since when its flaw is listed as exploited, where it is."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["application", "issue", "id"], name="fact_of_application"),
            models.Index(fields=["issue", "id"], name="fact_of_issue"),
        ]


class FactStand(models.Model):
    """How an issue stood when its newest fact was written, so that the next pass finds what changed without reading facts."""

    issue = models.OneToOneField(
        Issue, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="fact_stand"
    )
    event = models.BigIntegerField(default=0)
    """Number of the newest event that was looked at."""
    application = models.IntegerField()
    state = models.SmallIntegerField()
    resolution = models.CharField(max_length=40, blank=True, default="")
    open = models.BooleanField()
    severity = models.SmallIntegerField()
    priority = models.SmallIntegerField()
    risk = models.SmallIntegerField()
    owner = models.TextField(blank=True, default="")
    due = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    acknowledged = models.BooleanField(default=False)
    ever = models.BooleanField(default=False)
    """It was open once."""


class FactBlock(models.Model):
    """The facts of one application as packed columns, from which measures are worked out. Made anew from the facts whenever those change."""

    application = models.IntegerField(unique=True)
    through = models.BigIntegerField()
    """Number of the newest fact in it."""
    owners = models.JSONField(default=list)
    """Names behind the owners' codes."""
    episodes = models.BinaryField()
    moves = models.BinaryField()


class FactPass(models.Model):
    """One pass that wrote facts. Append only."""

    day = models.DateField()
    at = models.DateTimeField()
    event = models.BigIntegerField()
    """Number of the newest event that there was."""
    facts = models.IntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at"], name="fact_pass_latest")]


class ToolFact(models.Model):
    """What one tool said about one application from a day on: a row for each day on which it changed. Append only."""

    day = models.DateField()
    application = models.IntegerField()
    tool = models.CharField(max_length=200)
    findings = models.IntegerField()
    """Open findings of the tool."""
    issues = models.IntegerField()
    """Open issues that it reports."""
    unique = models.IntegerField()
    """Of those, the ones that no other tool reports."""
    judged = models.IntegerField()
    """Issues that it ever reported and that were fixed or dismissed."""
    false_positives = models.IntegerField()
    """Of those, the ones that a person or a rule called a false positive."""
    shared = models.JSONField(default=dict)
    """Open issues that another tool reports too, by its name."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "tool", "day"], name="tool_fact_once"),
        ]


class CostInputs(models.Model):
    """What somebody put into the model of costs. The newest row holds; none is ever changed."""

    inputs = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()


class Dashboard(models.Model):
    """Filters of the executive dashboard under a name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dashboards")
    name = models.CharField(max_length=100)
    query = models.TextField()
    """The filters as an address carries them."""
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name"], name="dashboard_name_once")]


class BoardPack(models.Model):
    """A quarterly pack as it was made, over everything."""

    quarter = models.CharField(max_length=7)
    """Such as `2026-Q3`."""
    form = models.CharField(max_length=4)
    """`pdf` or `pptx`."""
    data = models.BinaryField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["quarter", "form"], name="board_pack_once")]
