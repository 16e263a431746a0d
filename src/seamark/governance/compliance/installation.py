"""Facts about the installation itself: its ledger, policies, exceptions, people and feeds. `pipeline.compliance.measured` reads them."""

from __future__ import annotations

from typing import Final

from seamark.governance.policy.groups import Fact
from seamark.governance.policy.shapes import sentences


class Installation(Fact, frozen=True):
    """What checks may ask of the installation. None: not known."""

    ledger_signed_days: int | None = None
    """Days since the ledger was last signed; unknown where it never was."""
    policies_in_force: int | None = None
    """Policies that are asked somewhere and are not off."""
    policies_blocking_changes: int | None = None
    """Policies that block pull requests or builds."""
    policies_blocking_deploys: int | None = None
    """Policies that block deployments."""
    policies_watching: int | None = None
    """Policies that are asked continuously, outside of builds."""
    service_levels: int | None = None
    """Agreements on how long issues may stand."""
    issues_without_clock: int | None = None
    """Open critical and high issues that no agreement sets a date for."""
    gates_90_days: int | None = None
    """Verdicts of gates in the last 90 days."""
    deploy_gates_90_days: int | None = None
    """Verdicts of the deploy gate in the last 90 days."""
    waivers_without_control: int | None = None
    """Exceptions in force that name no compensating control."""
    waivers_over_a_year: int | None = None
    """Exceptions in force that end more than a year after they were decided."""
    dismissals_unconfirmed: int | None = None
    """Issues that somebody dismissed and nobody else has confirmed."""
    administrators: int | None = None
    """People who administer everything."""
    services_without_person: int | None = None
    """Service accounts that nobody answers for."""
    people_idle_90_days: int | None = None
    """People who may log in, were made more than 90 days ago, and did not log in since."""
    tokens_over_a_year: int | None = None
    """Tokens in force that were made for longer than a year."""
    tokens_idle_90_days: int | None = None
    """Tokens in force that were made more than 90 days ago, and were not used since."""
    access_review_days: int | None = None
    """Days since who may do what was last frozen as evidence; unknown where it never was."""
    feeds_days: int | None = None
    """Days since the oldest of the loaded feeds on vulnerabilities was loaded; unknown where none was."""
    pentested_percent: float | None = None
    """Percentage of applications with a penetration test in the last 365 days; unknown without applications."""
    channels: int | None = None
    """Connections to channels that people are told through: tickets, chat, mail."""


FACTS: Final = sentences(Installation)
"""Each fact with its sentence."""
