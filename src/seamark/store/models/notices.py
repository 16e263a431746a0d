"""Messages to people and teams: who wants to hear what, where and when, and the news that there are."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Application
from seamark.store.models.issues import Issue
from seamark.store.models.outbox import ChannelConnection
from seamark.store.models.people import Group


class Subscription(models.Model):
    """What a person or a team hears through one channel."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="subscriptions"
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, related_name="subscriptions")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    """Who set it up: a team's messages tell what this person may see."""
    connection = models.ForeignKey(ChannelConnection, on_delete=models.CASCADE, related_name="subscriptions")
    to = models.CharField(max_length=300, blank=True, default="")
    """An address in the channel's terms; empty for the connection's own."""
    kinds = models.JSONField(default=list)
    """What is told at once: names of `pipeline.notices.kinds.KINDS`."""
    applications = models.JSONField(default=list)
    """Numbers of the only applications; none for all."""
    digest = models.BooleanField(default=True)
    """Whether the rest comes once a day."""
    weekly = models.BooleanField(default=False, db_default=False)
    """Whether the numbers of the week come on Mondays."""
    quarterly = models.BooleanField(default=False, db_default=False)
    """Whether it is told that the pack of a quarter that ended is there."""
    daily_delta = models.BooleanField(default=False, db_default=False)
    """Whether a day's changes in PCI DSS come each morning, for the applications that are in its scope."""
    hour = models.SmallIntegerField(default=8)
    """The hour of what comes by itself, in the time zone: the digest, the week's numbers, the quarter's pack, a day's changes."""
    zone = models.CharField(max_length=60, blank=True, default="")
    """Time zone; empty for the person's, or UTC."""
    quiet_from = models.SmallIntegerField(null=True)
    """Hour from which nothing is told until `quiet_to`, but for what cannot wait."""
    quiet_to = models.SmallIntegerField(null=True)
    cursor = models.BigIntegerField(default=0)
    """News up to this number is settled: what it was to hear of it, it was told or waits for."""
    digest_on = models.DateField(null=True)
    """The day of the latest digest, in the time zone."""
    digest_until = models.DateTimeField(null=True)
    """Up to when digests have told."""
    hour_from = models.DateTimeField(null=True)
    """The start of the hour in which `hour_sent` messages were told at once."""
    hour_sent = models.IntegerField(default=0)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "connection", "to"], name="subscription_of_person_once"),
            models.UniqueConstraint(fields=["group", "connection", "to"], name="subscription_of_team_once"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group__isnull=True)
                | models.Q(user__isnull=True, group__isnull=False),
                name="subscription_of_one",
            ),
        ]


class News(models.Model):
    """Something that somebody may have to hear at once. The same news is written once."""

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20)
    issue = models.ForeignKey(
        Issue, on_delete=models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="news"
    )
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, db_index=False, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, db_index=False, related_name="news"
    )
    """Whom alone it concerns."""
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "issue"], name="news_of_issue")]


class Heed(models.Model):
    """How far a pass over what happened has come. Its lease lets one worker in."""

    name = models.CharField(max_length=20, unique=True)
    """`tickets` or `news`."""
    seen = models.JSONField(default=dict)
    asked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)


class Waiting(models.Model):
    """News that a subscription was told, or is to hear later: in its quiet hours, or after too many at once."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="waiting")
    news = models.ForeignKey(News, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField(null=True)
    """Null once it was told; such rows go when their news is old enough that none beside it can still turn up."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["subscription", "news"], name="waiting_once")]
        indexes: ClassVar = [models.Index(fields=["subscription", "due_at"], name="waiting_due")]
