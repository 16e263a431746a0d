"""SonarQube and SonarCloud: answers of their API, the reports of sonar-report, and the generic issues they import."""

from seamark.intake.parsers.formats.sonarqube import api, archive, generic, report

__all__ = ["api", "archive", "generic", "report"]
