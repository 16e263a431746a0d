"""Measures triage rules over a large estate: `python -m tests.automation.measure [ISSUES]`, on a database of its own."""

from __future__ import annotations

import os
import sys
import tempfile
import time

FILES = 400


def main(number: int) -> None:
    """Import so many issues, put twenty rules and an agreement in force, and print how long each look takes."""
    os.environ["SEAMARK_HOME"] = tempfile.mkdtemp(prefix="seamark-rules-")
    os.environ.pop("SEAMARK_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "seamark.site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _measure(number)


def _measure(number: int) -> None:
    from django.utils import timezone

    from seamark.core.severity import Severity
    from seamark.governance.policy.kept.edit import save, withdraw
    from seamark.pipeline.automation import watch
    from seamark.store.models import Issue, RuleEffect
    from seamark.store.models.people import Role
    from tests.automation.conftest import rule
    from tests.factories import code, import_findings, make_person

    root = make_person("root", Role.ADMIN)
    worst = list(Severity)
    findings = [
        code(
            f"rule-{at % 200}",
            f"Problem {at}",
            f"src/m{at % FILES}/f{at % 5000}.py",
            at // 5 + 1,
            worst[at % 5],
            snippet=f"x = {at}",
        )
        for at in range(number)
    ]
    import_findings("Big", "Alpha", findings)
    rules = [
        rule(
            f"dismiss-{at}", f'issue.rule == "rule-{at}"', "{state: dismissed, resolution: false_positive, comment: no}"
        )
        for at in range(10)
    ]
    rules += [
        rule(f"tag-{at}", f'issue.path.startsWith("src/m{at}/") && issue.severity >= MEDIUM', f"{{tags: [area-{at}]}}")
        for at in range(8)
    ]
    rules += [
        rule("urgent", "issue.severity == CRITICAL && issue.open", "{priority: 0}"),
        rule("tests", 'issue.kind == "code"', '{suppress: {paths: ["src/m399/**"]}, comment: no}'),
    ]
    for text in rules:
        save(text, actor=root, comment="", now=timezone.now())
    sla = "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: all}\nspec: {type: sla, match: issue.severity >= LOW, sla: {days: 30, calendar: {weekend: [saturday, sunday]}}}\n"
    count = Issue.objects.filter(open=True).count()
    _timed(f"{count:,} issues, {len(rules)} rules, first look", watch.run)
    sys.stdout.write(f"  {RuleEffect.objects.count():,} effects\n")
    _timed("the same again, nothing changed", watch.run)
    save(sla, actor=root, comment="", now=timezone.now())
    _timed("with an agreement for 80 % of them", watch.run)
    _timed("100 issues that were touched", lambda: watch.run(list(Issue.objects.values_list("id", flat=True)[:100])))
    withdraw("dismiss-0", actor=root, comment="", now=timezone.now())
    _timed("a rule taken out of force", watch.run)


def _timed(what: str, work: object) -> None:
    began, used = time.perf_counter(), time.process_time()
    passed = work()  # type: ignore[operator]
    took, used = time.perf_counter() - began, time.process_time() - used
    sys.stdout.write(
        f"{what}: {took:.1f} s ({used:.1f} s of a processor), {passed.changed:,} changes, {passed.clocks:,} clocks\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
