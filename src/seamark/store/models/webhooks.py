"""Addresses that hear what happens, and each message on its way."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Application


class Webhook(models.Model):
    """An address that hears of what its owner may see."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=100)
    url = models.TextField()
    kinds = models.JSONField(default=list)
    """What it hears of: names of `pipeline.webhooks.KINDS`."""
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, related_name="webhooks")
    """The only application that it hears of, null for all that the owner sees."""
    secret = models.TextField()
    """The key that signs, sealed."""
    earlier_secret = models.TextField(blank=True, default="")
    """The key before it was changed: both sign for a day."""
    changed_at = models.DateTimeField(null=True)
    """When the key was changed."""
    active = models.BooleanField(default=True)
    failures = models.IntegerField(default=0)
    """Messages in a row that were given up."""
    why_off = models.TextField(blank=True, default="")
    """Why it was turned off, where nobody did so."""
    cursors = models.JSONField(default=dict)
    """By source: up to which row everything was looked at, the newest row seen, and when that was."""
    created_at = models.DateTimeField(auto_now_add=True)


class MessageState(models.TextChoices):
    """Where a message stands."""

    QUEUED = "queued", "queued"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "given up"


class WebhookMessage(models.Model):
    """One message to one address, sent until it is taken or given up."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="messages")
    reference = models.CharField(max_length=40, unique=True)
    """The id that the receiver sees: the same at every attempt."""
    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=20)
    """`event`, `import`, `verdict` or `test`."""
    number = models.BigIntegerField()
    """The source's row."""
    body = models.TextField()
    """JSON, byte for byte as it is signed and sent."""
    state = models.CharField(max_length=10, choices=MessageState.choices, default=MessageState.QUEUED)
    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    """The receiver's latest answer, null where there was none."""
    told = models.TextField(blank=True, default="")
    """What went wrong at the latest attempt."""
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "source", "number"], name="webhook_message_once")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "due_at"], name="webhook_queue")]
