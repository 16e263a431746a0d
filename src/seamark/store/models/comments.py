"""Who follows an issue, and who was named in what was said about it. What was said itself is events, which are append only."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.issues import Event, Issue


class Watch(models.Model):
    """Somebody wants to hear of an issue."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="watches"
    )
    issue = models.ForeignKey(
        Issue, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="watches"
    )
    since = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "-id"], name="watch_person")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["issue", "person"], name="watch_once")]


class Mention(models.Model):
    """A comment that stands names somebody. It goes when the comment is deleted or no longer names them; its events stay."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="mentions"
    )
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="mentions")
    comment = models.ForeignKey(
        Event, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="names"
    )
    """The event that holds the comment as it was first written."""
    event = models.ForeignKey(Event, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    """The event `mentioned`."""
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["person", "-id"], name="mention_person")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["comment", "person"], name="mention_once")]
