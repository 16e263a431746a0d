"""What goes out: the services that take it, and each act on its way. An act is a row before it is anything else."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.tickets import Ticket


class ChannelConnection(models.Model):
    """A service that takes tickets or messages, with what it is called with, and how it stands."""

    name = models.CharField(max_length=100, unique=True)
    channel = models.CharField(max_length=40)
    """The name of its channel: `jira`, `slack` …"""
    role = models.CharField(max_length=10)
    """`ticket` or `message`."""
    settings = models.JSONField(default=dict)
    """What the channel is configured with, without its secrets."""
    secrets = models.TextField(blank=True, default="")
    """Its secrets as one sealed JSON object."""
    owns = models.JSONField(default=dict)
    """For each field that is kept in step who owns it: `seamark`, `far` or `both`."""
    commands = models.BooleanField(default=False)
    """Whether commands in comments are carried out with the rights of the person whose address the service names."""
    rate = models.IntegerField(default=60)
    """Acts a minute at most."""
    slot_at = models.DateTimeField(null=True)
    """When the next act has its turn by that rate; up to ten may be ahead of it."""
    callback = models.CharField(max_length=43, unique=True)
    """The secret part of the address that its call-backs come to."""
    active = models.BooleanField(default=True)
    failures = models.IntegerField(default=0)
    """Failures in a row."""
    pauses = models.IntegerField(default=0)
    """Pauses since the latest success."""
    paused_until = models.DateTimeField(null=True)
    why_paused = models.TextField(blank=True, default="")
    good_at = models.DateTimeField(null=True)
    """When it last did what was asked."""
    heard_until = models.DateTimeField(null=True)
    """Up to when it was asked for changes."""
    hear_at = models.DateTimeField(null=True)
    """When it is to be asked again."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ActState(models.TextChoices):
    """Where an act stands."""

    QUEUED = "queued", "queued"
    DONE = "done", "done"
    FAILED = "failed", "given up"
    DROPPED = "dropped", "no longer wanted"


_WAITING = models.Q(state="queued")


class OutboxAct(models.Model):
    """One thing to do at a service, done until it is done or given up."""

    connection = models.ForeignKey(ChannelConnection, on_delete=models.CASCADE, related_name="acts")
    key = models.CharField(max_length=80, unique=True)
    """What the far side knows it by: the same at every attempt, so that it is done once."""
    lane = models.CharField(max_length=80)
    """Acts of one lane are done one after the other, in the order in which they were written."""
    verb = models.CharField(max_length=10)
    body = models.JSONField()
    """The act as `response.actions.contract.Act` has it, without its reference."""
    about = models.CharField(max_length=60, blank=True, default="")
    """Why it is done, in a few words."""
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, related_name="acts")
    application = models.ForeignKey(
        "store.Application", on_delete=models.CASCADE, null=True, db_index=False, related_name="+"
    )
    """Whose news it carries; null for several or none."""
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    thread = models.CharField(max_length=80, blank=True, default="")
    state = models.CharField(max_length=10, choices=ActState.choices, default=ActState.QUEUED)
    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    told = models.TextField(blank=True, default="")
    """What went wrong at the latest attempt."""
    reference = models.TextField(blank=True, default="")
    """The far side's id of what came of it."""
    url = models.TextField(blank=True, default="")
    found = models.BooleanField(default=False)
    """It was there already."""
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=_WAITING, name="act_queue"),
            models.Index(fields=["lane", "id"], condition=_WAITING, name="act_lane"),
            models.Index(fields=["connection", "thread"], condition=~models.Q(thread=""), name="act_thread"),
        ]
