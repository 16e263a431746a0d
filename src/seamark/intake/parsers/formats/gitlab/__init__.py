"""GitLab's security reports: SAST, secrets, dependencies, containers, DAST and fuzzing, all in one scheme."""

from seamark.intake.parsers.formats.gitlab import report

__all__ = ["report"]
