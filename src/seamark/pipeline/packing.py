"""Packs as jobs: somebody asks for one, a worker makes it, the file waits for whoever asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access.places import Place, check_right
from seamark.governance.compliance.kept import framework as framework_named
from seamark.governance.ledger.checkpoints import needed_signer
from seamark.insight.exports.pack.period import begins, read_period
from seamark.insight.metrics.scope import Scope as Asked
from seamark.insight.metrics.scope import scope as asked_about
from seamark.pipeline import jobs, made_files
from seamark.pipeline.compliance import pack as evidence_packs
from seamark.pipeline.compliance.scope import Scope, above, applications
from seamark.pipeline.compliance.standing import REVIEW
from seamark.pipeline.made_files import Holds
from seamark.pipeline.metrics import packs as board_packs
from seamark.store.access import READS, Visible, visible_to
from seamark.store.models import Application, BusinessUnit, Job, User
from seamark.store.models.requests import JobState

EVIDENCE: Final = "evidence pack"
BOARD: Final = "board pack"
MOST: Final = 5
"""Packs of one person that wait or are being made."""
LISTED: Final = 10
_ZIP: Final = "application/zip"
_WAITS: Final = (JobState.QUEUED, JobState.RUNNING)


def ask_evidence(person: User, seen: Visible, framework: str, scope: Scope, period: str) -> Job:
    """Have an evidence pack made. What a pack cannot be made of is refused at once, as `pack.make` would: see there."""
    asked = read_period(period)
    framework_named(framework)
    check_right(person, READS, Place(scope.unit, scope.application))
    if begins(asked) > timezone.now():
        raise NotAllowed(f"{asked.label} has not begun")
    needed_signer()
    wanted = {
        "framework": framework, "period": asked.label, "application": scope.application.pk if scope.application else None,
        "unit": scope.unit.pk if scope.unit else None, "about": _name(scope),
    }  # fmt: skip
    return _submit(person, EVIDENCE, wanted, evidence_packs.steps(seen, scope))


def ask_board(person: User, where: Asked, form: str, *, baseline: bool = False) -> Job:
    """Have a pack for the board made, of what somebody sees: `form` is one of `board_packs.TYPES`."""
    if form not in board_packs.TYPES:
        raise NotFound(f"A pack is one of {', '.join(board_packs.TYPES)}, not {form!r}")
    wanted = {
        "form": form, "baseline": baseline, "unit": where.unit, "application": where.application, "period": where.span,
        "language": translation.get_language() or settings.LANGUAGE_CODE,
    }  # fmt: skip
    return _submit(person, BOARD, wanted, 1)


def asked_for(person: User, kind: str) -> QuerySet[Job]:
    """Return the newest packs that somebody asked for, with their files."""
    return jobs.of(person).filter(kind=kind).select_related("made").order_by("-pk")[:LISTED]


def work_once() -> bool:
    """Make one pack that waits. Returns False where none does."""
    return jobs.work_once(KINDS)


def _submit(person: User, kind: str, wanted: dict[str, Any], total: int) -> Job:
    if jobs.of(person).filter(kind__in=list(KINDS), state__in=_WAITS).count() >= MOST:
        raise NotAllowed(f"{MOST} packs of yours are being made: wait for one of them")
    return jobs.submit(person, kind, wanted, total)


def _name(scope: Scope) -> str:
    if scope.application is not None:
        return scope.application.slug
    return scope.unit.name if scope.unit is not None else ""


def _evidence(job: Job, tell: jobs.Tell) -> dict[str, Any]:
    person = jobs.owner_of(job)
    seen, scope = visible_to(person), _scope(job.asked)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        tell(min(done, job.total), {})

    framework, period = job.asked["framework"], read_period(job.asked["period"])
    made = evidence_packs.make(seen, framework, scope, period, by=person, tell=step)
    name = f"{framework}-{job.asked['about'] or 'everything'}-{period.label}.zip"
    units = [one.pk for one in BusinessUnit.objects.filter(pk__in=above(scope)) if seen.may_in(READS, one)]
    holds = Holds(
        applications=tuple(applications(seen, scope).values_list("pk", flat=True)), units=tuple(units), everything=seen.everything or scope.whole,
        people=any(one.kind == REVIEW and one.file for one in made.pack.evidence),
    )  # fmt: skip
    file = made_files.keep(job, name, _ZIP, made.content, holds)
    return {"file": made_files.told(file), "manifest": made.digest, "entry": made.entry, "files": made.files}


def _scope(asked: Mapping[str, Any]) -> Scope:
    """Return the scope that was asked about; whether the person may still read it `pack.make` looks at. Raises `NotFound`."""
    application = Application.objects.filter(pk=asked["application"]).first() if asked["application"] else None
    unit = BusinessUnit.objects.filter(pk=asked["unit"]).first() if asked["unit"] else None
    if (asked["application"] and application is None) or (asked["unit"] and unit is None):
        raise NotFound(f"{asked['about']} is gone")
    return Scope(application, unit)


def _board(job: Job, tell: jobs.Tell) -> dict[str, Any]:  # noqa: ARG001 - it is one step
    asked = job.asked
    seen = visible_to(jobs.owner_of(job))
    where = asked_about(
        seen, timezone.now(), unit=asked["unit"], application=asked["application"], span=asked["period"]
    )
    with translation.override(asked["language"]):
        content = board_packs.make_pack(where, asked["form"], baseline=asked["baseline"])
    holds = Holds(applications=tuple(where.numbers), everything=where.whole)
    about = "-".join(
        filter(None, ("seamark", "baseline" if asked["baseline"] else "pack", where.application, where.span))
    )
    file = made_files.keep(job, f"{about}.{asked['form']}", board_packs.TYPES[asked["form"]], content, holds)
    return {"file": made_files.told(file)}


KINDS: Final[dict[str, Callable[[Job, jobs.Tell], dict[str, Any]]]] = {EVIDENCE: _evidence, BOARD: _board}
"""What is made here, by the name of the job's kind."""
