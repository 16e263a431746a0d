"""How somebody works: what the pages keep for one person, and nobody else needs."""

from __future__ import annotations

from django.db import models

from seamark.store.models.people import User


class Preference(models.Model):
    """What one person chose, and when they last looked. There is no row before the first of it."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="preference")
    looked_at = models.DateTimeField(null=True)
    """The start of the present visit to Today."""
    looked_before = models.DateTimeField(null=True)
    """The visit before that one: what is new is counted from here."""
    columns = models.JSONField(null=True)
    """Names of the optional columns of the list of issues; null for the usual ones."""
    toured = models.BooleanField(default=False)
    """The tour of the first day was put away."""
