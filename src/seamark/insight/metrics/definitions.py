"""What each measure is: its name, its words, how it is worked out, its unit, and which way is good. Screens, API and docs tell these."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

DOWN, UP, NEITHER = "down", "up", ""


class Definition(Struct, frozen=True, kw_only=True):
    """One measure."""

    name: str
    """As API, export and addresses call it."""
    title: object
    words: object
    formula: str
    unit: str
    """`issues`, `days`, `hours`, `share` (0 to 1), `points` of risk, `money`, `waivers`, `number`."""
    good: str
    """`down`, `up`, or empty where neither is good by itself."""
    members: str = ""
    """The list behind the number (`measures.MEMBERS`), empty where it is none of issues."""


def _of(name: str, title: object, words: object, formula: str, unit: str, good: str, members: str = "") -> Definition:
    return Definition(name=name, title=title, words=words, formula=formula, unit=unit, good=good, members=members)


DEFINITIONS: Final = (
    _of("open", _("Open issues"), _("Issues that need work at the end of the period."), "count of issues open at the end", "issues", DOWN, "open"),
    _of("urgent", _("Open P0 and P1"), _("Open issues of the two most urgent priorities."), "count of open issues with priority 0 or 1", "issues", DOWN, "urgent"),
    _of("risk", _("Open risk"), _("The scores of all open issues together."), "sum of risk (0 to 100) over open issues at the end", "points", DOWN, "open"),
    _of("arrived", _("Arrived"), _("Issues that were opened or came back in the period."), "count of openings and returns in the period", "issues", DOWN, "arrived"),
    _of("burned", _("Burned down"), _("Issues that were closed in the period, whatever for."), "count of closings in the period; open at the end = open at the start + arrived - burned down", "issues", UP, "burned"),
    _of("fixed", _("Fixed"), _("Issues that were fixed in the period."), "count of closings as fixed or verified in the period", "issues", UP, "fixed"),
    _of("mttr", _("Mean time to fix"), _("How long an issue stays open, open ones counted as far as they were seen. None counts longer than a year."), "area under the Kaplan-Meier curve up to 365 days, in begun hours; end = fixed; open issues and issues closed otherwise are censored; what was open before the period enters at its age then", "days", DOWN, "exposed"),
    _of("half_life", _("Half-life"), _("After how long half of the issues are fixed."), "least time at which the same curve is at most 0.5; none where it stays above", "days", DOWN, "exposed"),
    _of("mttd", _("Mean time to detect"), _("From the day on which a flaw is listed as exploited until its issue was opened; 0 where the issue was there first."), "mean over issues opened in the period whose flaw was listed when they were recorded", "days", DOWN, "detected"),
    _of("mtta", _("Mean time to acknowledge"), _("From opening until a person first did something with the issue."), "mean over issues that were first looked at in the period", "hours", DOWN, "acknowledged"),
    _of("sla", _("Service levels kept"), _("Of the issues whose time was over, the share that was fixed in time. What is late and still open counts as missed."), "fixed in time / (fixed in time + fixed late + overdue and open at the end)", "share", UP, "timed"),
    _of("overdue", _("Overdue"), _("Open issues whose time is over."), "count of issues open at the end with a due time before the end", "issues", DOWN, "overdue"),
    _of("age", _("Age of the backlog"), _("How long the open issues have been open, on average."), "mean of end - opened over issues open at the end", "days", DOWN, "open"),
    _of("old", _("Open for over 90 days"), _("Open issues that are older than 90 days."), "count of issues open at the end and opened more than 90 days before it", "issues", DOWN, "old"),
    _of("density", _("Density"), _("Open issues for each hundred assets of the applications."), "100 * open issues / assets that are not gone (today's)", "number", DOWN, "open"),
    _of("escape", _("Escape rate"), _("The share of new issues that were found where the software runs: by web scans, at run time, by penetration tests."), "first openings of the kinds web, runtime and pentest / first openings in the period", "share", DOWN, "escaped"),
    _of("reopen", _("Reopen rate"), _("Returns for each fix."), "returns in the period / fixes in the period", "share", DOWN, "reopened"),
    _of("pull_requests", _("Pull requests that fix"), _("Of the pull requests that ended in the period, the share that was merged and not found again."), "merged or verified / (merged + verified + returned + rejected + failed)", "share", UP),
    _of("waiver_debt", _("Waiver debt"), _("Waivers that were in force at the end of the period."), "count of waivers approved before the end that neither ended nor expired by then", "waivers", DOWN),
    _of("coverage", _("Coverage"), _("The share of repositories and images that a complete scan looked at within 30 days."), "repositories and images with a complete scan in the 30 days before the end / all that are not gone", "share", UP),
    _of("overlap", _("Scanner overlap"), _("The share of open issues that more than one tool reports."), "1 - issues of one tool only / open issues that a tool reports", "share", NEITHER),
    _of("false_positives", _("False positives"), _("Of the issues that were closed by a verdict in the period, the share that was called a false positive."), "closed as false positive / (fixed + false positive) in the period", "share", DOWN, "wrong"),
    _of("automation", _("Automation share"), _("Of the closings that people and rules decided, the share that rules decided."), "closings by rules / (closings by rules + by people) in the period", "share", UP, "by_rule"),
    _of("saved", _("Hours saved by joining"), _("Time to triage that duplicates would have cost: findings that are no issue of their own, times the minutes for one."), "(open findings - open issues that tools report) * minutes of triage / 60", "hours", UP),
    _of("delay", _("Cost of delay"), _("What a day costs on which the open issues stay open, by the model of costs."), "sum over applications: yearly chance / 365 * open risk / 100 * (revenue per hour * hours + fixed cost) + overdue * penalty", "money", DOWN, "open"),
)  # fmt: skip
"""All measures, in the order in which they are told."""
BY_NAME: Final = {one.name: one for one in DEFINITIONS}
