"""Issues: what people triage. And what clears them, what happened to them, what people decided about them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.core.kind import KIND_CODES, Kind
from seamark.core.severity import Severity
from seamark.store.models.inventory import Application, Asset
from seamark.store.models.knowledge import Vulnerability


class State(models.IntegerChoices):
    """Where an issue stands. The first three need work."""

    OPEN = 1, "open"
    CONFIRMED = 2, "confirmed"
    IN_PROGRESS = 3, "in progress"
    RESOLVED = 4, "resolved"
    DISMISSED = 5, "dismissed"


_COMMON_KINDS = frozenset(
    KIND_CODES[kind] for kind in (Kind.CODE, Kind.DEPENDENCY, Kind.CONTAINER, Kind.MISCONFIGURATION)
)
RARE_KINDS = tuple(sorted(set(KIND_CODES.values()) - _COMMON_KINDS))
"""Kinds that a list would be gone through for to its end."""
WITNESS_KINDS = (KIND_CODES[Kind.WEB], KIND_CODES[Kind.RUNTIME], KIND_CODES[Kind.PENTEST])
"""Kinds that may confirm others: what was seen from outside or at run time."""


class Fix(models.Model):
    """The change that clears one or more issues."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="fixes")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="fixes")
    kind = models.CharField(max_length=30)
    """`upgrade`, `base_image`, `replace` (a package without a fix, or its licence), `code`, `configuration`, `rotate`."""
    key = models.TextField()
    """What is changed, such as the package without its version."""
    title = models.TextField()
    target = models.TextField(blank=True, default="")
    """The least version that clears all, where there is one."""
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "asset", "kind", "key"], name="fix_once")
        ]


class RiskProfile(models.Model):
    """A version of the weights behind the score. Never changed once made; `ProfileUse` says where it holds."""

    name = models.CharField(max_length=100)
    version = models.IntegerField()
    content = models.JSONField()
    text = models.TextField(blank=True, default="")
    """The YAML that it was made from, with its comments; empty where it was made otherwise."""
    comment = models.TextField(blank=True, default="")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "version"], name="risk_profile_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


LISTED = (
    "application", "opened_at", "kind", "severity", "priority", "tools", "kev", "fixable", "regression", "ai_written", "cwe", "assignee", "fix",
    "due", "reporters", "owner",
)  # fmt: skip
"""What lists of issues are most often narrowed by, and counted by. What is always there comes first and texts last: read quickest."""


class Issue(models.Model):
    """The problem itself: all findings that one change would fix at one place. Its reference is `SM-<id>`."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="issues"
    )
    asset = models.ForeignKey(
        Asset, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="issues"
    )
    kind = models.SmallIntegerField(choices=[(number, kind.value) for kind, number in KIND_CODES.items()])
    title = models.TextField()
    place = models.TextField(blank=True, default="")
    """`path:line`, URL, resource or package, for the list."""
    component = models.TextField(blank=True, default="")
    rule = models.TextField(blank=True, default="")
    """Rule id of the finding that opened it."""
    vulnerability = models.ForeignKey(
        Vulnerability, on_delete=models.SET_NULL, null=True, db_constraint=False, db_index=False, related_name="issues"
    )
    cwe = models.IntegerField(null=True)
    severity = models.SmallIntegerField(choices=[(severity.value, severity.word) for severity in Severity])
    risk = models.SmallIntegerField()
    """0 to 1000: tenths of the score."""
    priority = models.SmallIntegerField()
    """0 (P0, most urgent) to 4."""
    facts = models.JSONField(default=dict)
    """The inputs of the score, from which the receipt is recomputed."""
    profile = models.ForeignKey(
        RiskProfile, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="issues"
    )
    state = models.SmallIntegerField(choices=State.choices, default=State.OPEN)
    resolution = models.CharField(max_length=40, blank=True, default="")
    """Why it is resolved or dismissed: `fixed`, `verified`, `false_positive`, `not_affected`, `accepted`, `suppressed`, `excluded`, `duplicate`."""
    justification = models.CharField(max_length=60, blank=True, default="", db_default="")
    """For `not_affected`: the justification in VEX's words, where one was given."""
    dismissal_unconfirmed = models.BooleanField(default=False, db_default=False)
    """Dismissed by somebody who could not approve a waiver, and confirmed by nobody yet: gates still count it."""
    open = models.BooleanField(default=True)
    """Whether it needs work: state 1 to 3, and seen on a default branch."""
    regression = models.BooleanField(default=False)
    """It was fixed before and has returned."""
    branch_only = models.BooleanField(default=False)
    """Seen on other branches or pull requests only."""
    kev = models.BooleanField(default=False)
    """Known to be exploited."""
    fixable = models.BooleanField(default=False)
    """A tool names a version or patch that fixes it."""
    ai_written = models.BooleanField(default=False, db_default=False)
    """Its place is known to be an agent's line; `AiMark` says why. False says nothing: it is a lower bound."""
    tools = models.SmallIntegerField(default=1)
    """How many tools report it now."""
    reporters = models.TextField(blank=True, default="", db_default="")
    """Their names in small letters, each after a bar: `|semgrep|trivy`. Empty where none does any more."""
    owner = models.TextField(blank=True, default="")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="issues",
    )
    due = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="absorbed",
    )
    """The issue that its findings belong to now."""
    fix = models.ForeignKey(
        Fix,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="issues",
    )
    fix_key = models.BigIntegerField(null=True)
    """Hash of the change that clears it, while no other issue needs the same one, so that there is no `fix` yet."""
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        # Lists are of open issues nearly always: partial indexes are smaller, and need no column for it. The lists' own carry what
        # most filters and all facets look at, so that PostgreSQL reads a million entries rather than a million rows.
        indexes: ClassVar = [
            models.Index(fields=["-risk", "-id"], include=LISTED, condition=models.Q(open=True), name="issue_riskiest"),
            models.Index(
                fields=["-risk", "-id"],
                include=("state", "branch_only", *LISTED),
                condition=models.Q(open=False),
                name="issue_riskiest_closed",
            ),
            models.Index(fields=["opened_at", "id"], condition=models.Q(open=False), name="issue_oldest_closed"),
            models.Index(
                fields=["application", "-risk", "-id"],
                include=LISTED[1:],
                condition=models.Q(open=True),
                name="issue_of_application",
            ),
            models.Index(
                fields=["kind", "-risk", "-id"],
                include=tuple(name for name in LISTED if name != "kind"),
                condition=models.Q(open=True, kind__in=RARE_KINDS),
                name="issue_of_rare_kind",
            ),
            models.Index(fields=["opened_at", "id"], condition=models.Q(open=True), name="issue_oldest"),
            models.Index(fields=["-risk", "-id"], condition=models.Q(open=True, kev=True), name="issue_exploited"),
            models.Index(
                fields=["-risk", "-id"], condition=models.Q(open=True, regression=True), name="issue_returned"
            ),
            models.Index(
                fields=["state", "-risk", "-id"],
                condition=models.Q(open=True, state__gt=State.OPEN),
                name="issue_begun",
            ),
            models.Index(
                fields=["assignee", "-risk", "-id"],
                condition=models.Q(open=True, assignee__isnull=False),
                name="issue_assigned",
            ),
            models.Index(
                fields=["priority", "due"], condition=models.Q(open=True, due__isnull=False), name="issue_due"
            ),
            models.Index(
                fields=["vulnerability"], condition=models.Q(vulnerability__isnull=False), name="issue_vulnerability"
            ),
            models.Index(fields=["fix"], condition=models.Q(fix__isnull=False), name="issue_fix"),
            models.Index(
                fields=["application", "-risk", "-id"],
                condition=models.Q(open=True, kind__in=WITNESS_KINDS),
                name="issue_witness",
            ),
            models.Index(fields=["fix_key"], condition=models.Q(fix_key__isnull=False), name="issue_fix_key"),
            models.Index(
                fields=["application", "id"], condition=models.Q(dismissal_unconfirmed=True), name="issue_unconfirmed"
            ),
            models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="issue_merged"),
        ]

    @property
    def reference(self) -> str:
        """Return the name that people use, such as `SM-1042`."""
        return f"SM-{self.pk}"


COUNTS_AT_GATES = models.Q(open=True) | models.Q(dismissal_unconfirmed=True, branch_only=False, merged_into=None)
"""The condition of an issue that gates look at: open, or dismissed in a way that a second person has not confirmed."""


class Event(models.Model):
    """What happened, to what, by whom. Append only."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="events")
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="events"
    )
    kind = models.CharField(max_length=40)
    """`fixed`, `reopened`, `moved`, `merged`, `severity`, `risk`, `state`, `comment`, `assigned` …"""
    details = models.JSONField(default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    scan = models.ForeignKey(
        "store.Scan", on_delete=models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="events"
    )
    at = models.DateTimeField()
