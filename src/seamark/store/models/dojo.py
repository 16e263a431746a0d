"""What clients of DefectDojo name, and where that is here: engagements and tests of a product, which is an application."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Application


class DojoEngagement(models.Model):
    """A name under which tests are gathered."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="engagements")
    name = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["application", "name"], name="engagement_once")]


class DojoTest(models.Model):
    """A report, and what was imported over it since."""

    engagement = models.ForeignKey(DojoEngagement, on_delete=models.CASCADE, related_name="tests")
    scan_type = models.CharField(max_length=200)
    title = models.CharField(max_length=255, blank=True, default="")
    service = models.CharField(max_length=200, blank=True, default="")
    told = models.JSONField(default=dict)
    """What the client said of the latest report: version, build, commit, branch, tags, repository."""
    configuration = models.CharField(max_length=500, blank=True, default="")
    """The streams' `configuration`: what reports of one line share."""
    streams = models.JSONField(default=list)
    """Numbers of the streams that its reports went to."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["engagement", "scan_type", "title"], name="dojo_test_named")]
