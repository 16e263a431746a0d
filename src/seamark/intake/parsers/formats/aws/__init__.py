"""Amazon: findings of Security Hub (ASFF), Inspector 2 and GuardDuty."""

from seamark.intake.parsers.formats.aws import asff, guardduty, inspector

__all__ = ["asff", "guardduty", "inspector"]
