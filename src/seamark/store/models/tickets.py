"""Tickets at other services: one for each fix, where they go, and what came back from there."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Application
from seamark.store.models.issues import Fix, Issue


class TicketMapping(models.Model):
    """Where the tickets of an application or a team go, and what they look like there."""

    connection = models.ForeignKey("store.ChannelConnection", on_delete=models.CASCADE, related_name="mappings")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, related_name="ticket_mappings")
    """Null for all."""
    team = models.CharField(max_length=300, blank=True, default="")
    """The owner of the issues; empty for all."""
    fields = models.JSONField(default=dict)
    """Fields of the far side with texts that may hold variables: `{"project": "PAY", "type": "Bug"}`."""
    labels = models.JSONField(default=list)
    title = models.TextField(blank=True, default="")
    """Template; empty for the product's."""
    text = models.TextField(blank=True, default="")
    """Template; empty for the product's."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["application", "team"],
                condition=models.Q(application__isnull=False),
                name="ticket_mapping_once",
            ),
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(application=None), name="ticket_mapping_of_all_once"
            ),
        ]


class TicketState(models.TextChoices):
    """Where a ticket stands, as far as we know."""

    OPENING = "opening", "is being opened"
    OPEN = "open", "open"
    CLOSED = "closed", "closed"
    DELETED = "deleted", "deleted"


_LIVE = ~models.Q(state="deleted")


class Ticket(models.Model):
    """The ticket of a fix; of an issue where that has no fix of its own; or of something else that violates policies."""

    key = models.CharField(max_length=60, unique=True)
    """What the far side knows it by: it stands in its text."""
    connection = models.ForeignKey("store.ChannelConnection", on_delete=models.CASCADE, related_name="tickets")
    mapping = models.ForeignKey(TicketMapping, on_delete=models.SET_NULL, null=True, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, related_name="tickets")
    """Null for what violates a policy and belongs to none."""
    lead = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="parts")
    """Where the same change is to be made for several applications, they share one ticket at the far side: each has a row, and all but
    one name the row that is written to the far side."""
    fix = models.ForeignKey(Fix, on_delete=models.SET_NULL, null=True, related_name="tickets")
    issue = models.ForeignKey(Issue, on_delete=models.SET_NULL, null=True, db_constraint=False, related_name="tickets")
    subject = models.BigIntegerField(null=True)
    """`StandingViolation.key` of what it is about, where that is neither a fix nor an issue."""
    title = models.TextField(blank=True, default="")
    reference = models.TextField(blank=True, default="")
    """The far side's id, empty until it is open there."""
    url = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=TicketState.choices, default=TicketState.OPENING)
    far_status = models.CharField(max_length=100, blank=True, default="")
    """What the far side says of its status. It decides nothing here."""
    far_assignee = models.CharField(max_length=300, blank=True, default="")
    far_priority = models.CharField(max_length=40, blank=True, default="")
    says = models.JSONField(default=dict)
    """What it says by what was written last: `members` (numbers of issues), `digest` of its text, `priority`, and where several
    applications share it how many issues each fix has (`own`)."""
    acts_made = models.IntegerField(default=0)
    """How many acts were written for it; the next one's number."""
    commented_on = models.DateField(null=True)
    """The day of the latest comment about growing or shrinking, or of the latest change of its text."""
    corrected_on = models.DateField(null=True)
    """The day on which a field that is ours was last put right."""
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    because = models.CharField(max_length=200, blank=True, default="")
    """Why it was opened, where nobody asked: `policy no-critical`."""
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["fix"], condition=_LIVE & models.Q(fix__isnull=False), name="ticket_of_fix"
            ),
            models.UniqueConstraint(
                fields=["issue"], condition=_LIVE & models.Q(fix=None, issue__isnull=False), name="ticket_of_issue"
            ),
            models.UniqueConstraint(
                fields=["subject"], condition=_LIVE & models.Q(subject__isnull=False), name="ticket_of_subject"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "reference"], name="ticket_reference")]


class TicketChange(models.Model):
    """What somebody did to a ticket at the far side, taken once."""

    connection = models.ForeignKey("store.ChannelConnection", on_delete=models.CASCADE, related_name="changes")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="changes")
    far_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    value = models.TextField(blank=True, default="")
    author = models.CharField(max_length=300, blank=True, default="")
    outcome = models.CharField(max_length=300, blank=True, default="")
    """What was done about it, in words."""
    at = models.DateTimeField()
    taken_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "far_id"], name="ticket_change_once")]
