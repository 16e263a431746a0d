"""Who makes a fix, and until when."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.issues import Fix


class FixPlan(models.Model):
    """What people agreed on for one fix. There is no row before somebody plans it, and none after the plan is dropped."""

    fix = models.OneToOneField(Fix, on_delete=models.CASCADE, related_name="plan")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="planned_fixes"
    )
    due = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who planned it last."""
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["due"], condition=models.Q(due__isnull=False), name="plan_due")]
