"""A gate without a server: reports, a source and policies in, an outcome out. Knows no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from seamark.analysis.correlation.sighting import flaws_of
from seamark.analysis.correlation.signals import of_package
from seamark.core.finding import Finding
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.facts import Facts
from seamark.governance.policy.model import Effect, Stage
from seamark.insight.exports.gate.outcome import Outcome
from seamark.intake.discovery.changed import Changes, changes_since, commit_of
from seamark.intake.discovery.checkout import WorkingTree
from seamark.intake.discovery.context import ApplicationContext
from seamark.intake.parsers.kit.read import collector_at_rest
from seamark.pipeline.correlate import correlate
from seamark.pipeline.correlated import Correlation
from seamark.pipeline.gate import baseline, newness
from seamark.pipeline.gate.baseline import Baseline
from seamark.pipeline.gate.shown import About, outcome_of
from seamark.pipeline.gate.subjects import Subject, Surroundings, components_of, subjects
from seamark.pipeline.gate.tree import ABOUT, tree_facts
from seamark.pipeline.gather import Gathered


class Question(Struct, frozen=True, kw_only=True):
    """What a gate is asked, besides the reports."""

    bundle: Bundle
    stage: Stage
    now: datetime
    source: Path | None = None
    """The checkout that was scanned."""
    base: str = ""
    """Revision that the change is measured against: the target branch."""
    known: Baseline | None = None
    """What was known before."""
    all_new: bool = False
    """Everything counts as new: there is nothing to compare with, and nobody waits for something."""
    context: ApplicationContext | None = None
    folder: str = ""
    """The folder that the context speaks of, relative to the source."""
    application: str = ""
    waived: bool | None = False
    """What is known of exceptions: None where whoever keeps them cannot be asked."""
    notes: tuple[str, ...] = ()


def judge(reports: Gathered, question: Question) -> Outcome:
    """Return what the policies say to some reports. The same input gives the same outcome."""
    # None of what is made here forms circles, and looking for some takes half of the time.
    with collector_at_rest():
        return _Judging(reports, question).run()


def remember(
    reports: Gathered,
    source: Path | None,
    commit: str = "",
    earlier: Baseline | None = None,
    now: datetime | None = None,
) -> Baseline:
    """Return the state of some reports as a baseline. What `earlier` knew already keeps its date."""
    tree = WorkingTree(source) if source is not None else None
    findings = reports.placed(tree)
    day = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    since = [day] * len(findings)
    if earlier is not None:
        compared = findings if earlier.enriched == (source is not None) else reports.placed()
        standing = newness.against(earlier, reports, compared)
        since = [
            before or ("" if new is False else day) for before, new in zip(standing.since, standing.new, strict=True)
        ]
    head = commit or (commit_of(source, "HEAD") if source is not None else "") or ""
    packages = _packages(correlate(reports, tree), findings, reports)
    return baseline.of_reports(
        reports, findings, packages=packages, commit=head, enriched=source is not None, since=since
    )


def _packages(found: Correlation, findings: Sequence[Finding], reports: Gathered) -> Iterator[str]:
    """Yield the identities of issues that are about packages."""
    at = {(one.report, one.number): number for number, one in enumerate(reports.told)}
    for issue in found.issues:
        first = issue.findings[0]
        if of_package(flaws_of(findings[at[first.report, first.index]])[0]):
            yield issue.id


class _Judging:
    def __init__(self, reports: Gathered, question: Question) -> None:
        self._reports, self._question = reports, question
        self._tree = WorkingTree(question.source) if question.source is not None else None
        self._findings = reports.placed(self._tree)
        self._notes = list(question.notes)
        asking = [
            one for one in question.bundle.policies if one.effect(question.stage, question.now.date()) is not Effect.OFF
        ]
        self._asked = {policy.subject for policy in asking}
        self._detailed = "finding" in self._asked or any(
            ("issue", "findings") in policy.condition.uses for policy in asking
        )

    def run(self) -> Outcome:
        question = self._question
        found = correlate(self._reports, self._tree)
        standing = self._standing()
        around = Surroundings(question.context, question.application, question.folder)
        listed = subjects(
            found,
            self._reports,
            self._findings,
            around,
            standing.new,
            standing.since,
            now=question.now,
            waived=question.waived,
            detailed=self._detailed,
        )
        listed = self._known_packages(listed)
        records = list(self._records(listed, around))
        verdict = evaluate(question.bundle, question.stage, records, now=question.now)
        new = [one.facts.issue.new for one in listed if one.facts.issue is not None]
        if not self._compares:
            self._notes.append(
                "there is nothing to tell new issues from old ones by: name --baseline, or --source and --base"
            )
        return outcome_of(
            verdict, question.bundle, {one.facts.ref: _about(one) for one in listed}, application=around.name, issues=len(listed),
            new=sum(one is True for one in new), compared=self._compares, set_aside=sum(one.suppressed for one in found.issues),
            notes=tuple(self._notes),
        )  # fmt: skip

    @property
    def _compares(self) -> bool:
        question = self._question
        return question.known is not None or bool(question.base) or question.all_new

    def _standing(self) -> newness.Standing:
        """Return which findings are new: by the baseline first, and by the lines of the change where that says nothing."""
        question, reports = self._question, self._reports
        count = len(self._findings)
        if question.all_new:
            return newness.Standing([True] * count, [""] * count)
        standing = newness.Standing([None] * count, [""] * count)
        if question.known is not None:
            known = question.known
            compared = self._findings if known.enriched == (question.source is not None) else reports.placed()
            standing = newness.against(known, reports, compared, self._moved(known))
        unknown = [number for number, new in enumerate(standing.new) if new is None]
        if question.base and unknown and (changes := self._changes()) is not None:
            code = self._tree.code if self._tree is not None else _no_code
            for number, new in newness.by_change(changes, self._findings, unknown, code).items():
                standing.new[number] = new
        return standing

    def _moved(self, known: Baseline) -> newness.Moved | None:
        source = self._question.source
        head = commit_of(source, "HEAD") if source is not None else None
        places = sorted({one.place for stream in known.streams.values() for one in stream.findings if one.line})
        return newness.history(source, known.commit, head or "", places)

    def _changes(self) -> Changes | None:
        question = self._question
        found = changes_since(question.source, question.base) if question.source is not None else None
        if found is None:
            self._notes.append(
                f"git does not tell what changed since {question.base}: is it fetched, with its history?"
            )
        return found

    def _known_packages(self, listed: list[Subject]) -> list[Subject]:
        """Return the subjects; a flaw in a package that was known before is old, whichever tool tells of it now."""
        known = self._question.known
        if known is None or self._question.all_new:
            return listed
        found = []
        for one in listed:
            issue = one.facts.issue
            if issue is not None and issue.new is not False and one.found.id in known.packages:
                facts = _with_issue(one.facts, new=False)
                one = one._replace(facts=facts)  # noqa: PLW2901 - the same subject, better known
            found.append(one)
        return found

    def _records(self, listed: Sequence[Subject], around: Surroundings) -> Iterator[Facts]:
        question = self._question
        application = listed[0].facts.application if listed else around.application((), components_of(self._reports))
        if "issue" in self._asked:
            yield from (one.facts for one in listed)
        if "finding" in self._asked:
            for one in listed:
                for finding in (one.facts.issue.findings or ()) if one.facts.issue is not None else ():
                    yield replace(one.facts, finding=finding)
        if "component" in self._asked:
            before = question.known.components if question.known is not None else None
            for component in components_of(self._reports, frozenset() if question.all_new else before):
                yield Facts(component=component, application=application)
        if "application" in self._asked:
            yield Facts(application=application)
        if question.source is not None and self._asked & ABOUT and application is not None:
            yield from tree_facts(question.source, application, self._asked)


def _no_code(_path: str, _line: int, _end: int | None = None) -> str:
    return ""


def _with_issue(facts: Facts, **changed: object) -> Facts:
    return replace(facts, issue=replace(facts.issue, **changed)) if facts.issue is not None else facts


def _about(one: Subject) -> About:
    issue = one.facts.issue
    found = one.found
    return About(
        title=found.title, severity=found.severity, path=(issue.path or "") if issue is not None else "", line=one.line, end_line=one.end_line,
        tools=found.tools, rule=(issue.rule or "") if issue is not None else "", fix=one.fix,
    )  # fmt: skip
