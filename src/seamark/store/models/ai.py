"""Code that is known to be written by AI agents, and the issues that stand in it. A lower bound: unmarked code may be theirs too."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from seamark.store.models.inventory import Asset
from seamark.store.models.issues import Issue


class AiLines(models.Model):
    """A run of lines of a file, at the commit that a survey looked at, that an agent is known to have written."""

    repository = models.ForeignKey(Asset, on_delete=models.CASCADE, db_index=False, related_name="ai_lines")
    commit = models.CharField(max_length=64)
    """The surveyed commit, whose lines these are; one for all rows of a repository."""
    path = models.TextField()
    first = models.IntegerField()
    last = models.IntegerField()
    brought_by = models.CharField(max_length=64)
    """The commit that brought the lines, or that a record speaks of."""
    why = models.TextField()
    """What says so, as a sentence without its end: `the commit names … as co-author`."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["repository", "path", "first"], name="ai_lines_once"),
        ]


class AiMark(models.Model):
    """Why `Issue.ai_written` is set: where the issue stands at the surveyed commit, and what says that an agent wrote that line."""

    issue = models.OneToOneField(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="ai_mark")
    repository = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    commit = models.CharField(max_length=64)
    """The surveyed commit."""
    path = models.TextField()
    line = models.IntegerField()
    brought_by = models.CharField(max_length=64)
    why = models.TextField()

    @property
    def sentence(self) -> str:
        """Return the mark for people, with its bound said."""
        return f"AI-written code, at least {self.path}:{self.line}: {self.why} ({self.brought_by[:10]})."
