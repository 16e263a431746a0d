"""How plans, options and changes look on the command line."""

from __future__ import annotations

import sys
from typing import Any, Final

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.table import Column
from seamark.pipeline.fixing.apply import Applied, diff
from seamark.pipeline.fixing.patched import Mended, Patches
from seamark.pipeline.fixing.shown import plain_option
from seamark.pipeline.fixing.tree import Plans
from seamark.response.remediation.options import Option
from seamark.response.remediation.plan.make import Offered, Plan, Step

_STEPS: Final = (
    Column("#", least=1, right=True), Column("Change", least=24, fit="wrap"), Column("Kind", least=8), Column("Clears", least=6, right=True),
    Column("Risk", least=6, right=True), Column("Brings", least=6, right=True), Column("Distance", least=8), Column("Effort", least=6, right=True),
    Column("Where", least=12, fit="wrap"),
)  # fmt: skip
_OPTIONS: Final = (
    Column("To", least=8), Column("Option", least=12, fit="wrap"), Column("Kind", least=8), Column("Clears", least=6, right=True),
    Column("Leaves", least=6, right=True), Column("Brings", least=6, right=True), Column("Gain", least=5, right=True), Column("Distance", least=8),
    Column("Effort", least=6, right=True), Column("Remarks", least=12, fit="wrap"),
)  # fmt: skip


def show_plans(plans: Plans, *, online: bool) -> None:
    """Print plans with what has no fix, and how far they get."""
    _show_patches(plans.patches)
    if not plans.plans:
        output.say(
            f"Nothing that {output.count(len(plans.projects), 'manifest')} {'lists' if len(plans.projects) == 1 else 'list'} is known to be vulnerable."
        )
        return
    for one in plans.plans:
        _show_plan(one)
    removed = sum(one.risk_before - one.risk_after for one in plans.plans)
    whole = sum(one.risk_before for one in plans.plans)
    output.say(
        f"{output.count(len(plans.curve), 'change')} {'removes' if len(plans.curve) == 1 else 'remove'} {removed:.1f} of {whole:.1f} risk"
        + (f" ({removed / whole:.0%})" if whole else "")
    )
    if len(plans.plans) > 1:
        for point in plans.curve:
            output.say(
                f"  {point.changes:>3}. {point.share:>4.0%}  {point.step.change.name} {point.step.change.to_version} in {_short(point.project)}"
            )
    if not online:
        output.say(
            "Registries were not asked: only versions that advisories name are known, and what they need is not. --online asks them."
        )


def _show_plan(one: Plan) -> None:
    output.say(
        f"{_short(one.project)}: {output.count(one.flaws, 'vulnerability').replace('vulnerabilitys', 'vulnerabilities')}, risk {one.risk_before:.1f} → {one.risk_after:.1f}{'' if one.proven else ', the best that was found'}"
    )
    if one.steps:
        output.table(
            _STEPS,
            ([output.text(cell) for cell in _row(number, step)] for number, step in enumerate(one.steps, start=1)),
        )
    for number, step in enumerate(one.steps, start=1):
        for sentence in step.hints:
            output.say(f"  {number}: {sentence}")
        if step.moves_too:
            told = ", ".join(
                f"{one.names.get(package, package)} {before or 'new'} → {after or 'gone'}"
                for package, before, after in step.moves_too[:6]
            )
            output.say(f"  {number}: moves too: {told}{' …' if len(step.moves_too) > 6 else ''}")
        if step.assumed:
            output.say(f"  {number}: what the new version needs is not known; taken for unchanged")
        if step.unknown:
            output.say(f"  {number}: whether it brings anything is not known: {step.unknown}")
    for left in one.unfixed:
        name = one.names.get(left.flaw.package, left.flaw.package)
        output.say(
            f"{'No fix' if left.no_fix else 'Left'}: {left.flaw.name} in {name} {', '.join(left.versions)}: {left.why}"
        )


def _show_patches(patches: Patches | None) -> None:
    """Print what patches do, and what they leave with why."""
    for one in patches.done if patches is not None else ():
        by = "" if one.ours else f", as {one.tool} proposes"
        output.say(f"Patch: {_place(one)}: {output.named(one.title)} ({one.tool} {output.named(one.rule)}){by}")
        if one.note:
            output.say(f"  {output.named(one.note)}")
    for one in patches.left if patches is not None else ():
        output.say(f"Left: {_place(one)}: {one.tool} {output.named(one.rule)}: {output.named(one.why)}")


def _place(one: Mended) -> str:
    return output.named(f"{one.path}:{one.line}" if one.line else one.path)


def _row(number: int, step: Step) -> tuple[str, ...]:
    change = step.change
    together = f" (with the others of group {step.together})" if step.together else ""
    return (
        str(number), f"{change.name} {change.from_version} → {change.to_version}{together}", change.kind.value, str(len(step.clears)),
        f"-{step.removed:.1f}", str(len(step.introduces)) if step.introduces else "", step.distance.value, f"{step.effort:g}", ", ".join(change.manifests),
    )  # fmt: skip


def _short(project: str) -> str:
    return output.named(project.partition("//")[2] or project)


def plain_offer(one: Plan, each: Offered) -> dict[str, Any]:
    """Return what may be chosen for a package or pin, for JSON."""
    return {
        "project": one.project, "package": each.name, "version": each.version, "direct": each.direct,
        "options": [plain_option(option, one.names) for option in each.options],
    }  # fmt: skip


def show_offer(one: Plan, each: Offered) -> None:
    """Print what may be chosen for a package or pin."""
    output.say(f"{each.name} {each.version} in {_short(one.project)} ({'direct' if each.direct else 'transitive'})")
    if not each.options:
        output.say("  no version clears anything")
        return
    output.table(_OPTIONS, ([output.text(cell) for cell in _option(option)] for option in each.options))


def _option(option: Option) -> tuple[str, ...]:
    remarks = (
        [option.conflict]
        if option.conflict
        else [
            *option.hints,
            *(["what it needs is not known"] if option.assumed else []),
            *filter(None, [option.unknown]),
        ]
    )
    return (
        option.move.version, ", ".join(one.value.replace("_", " ") for one in option.choices), option.move.kind.value, str(len(option.clears)),
        str(len(option.leaves)), "not known" if option.unknown else str(len(option.introduces)), f"{option.gain:.1f}", option.distance.value, f"{option.effort:g}", "; ".join(remarks),
    )  # fmt: skip


def show_applied(made: Applied, *, printed: bool) -> None:
    """Print what came of changes, with the diff where it is not written elsewhere."""
    if printed and sys.stdout is not None:
        click.echo(diff(made).encode("utf-8", "surrogateescape"), nl=False)
    for one in made.steps:
        change = one.step.change
        state = "not made" if not one.made else "not proven" if one.still else "proven" if one.clears else "made"
        told = [f"{change.name} {change.from_version} → {change.to_version} in {_short(one.project)}: {state}"]
        told += [f"clears {', '.join(flaw.name for flaw in one.clears)}"] if one.clears else []
        told += [f"still matches: {', '.join(flaw.name for flaw in one.still)}"] if one.still and one.made else []
        told += [one.words] if one.words else []
        output.complain("; ".join(told))
    for mended in made.patches.done:
        output.complain(f"{_place(mended)}: {output.named(mended.title)}: made; {mended.tool} {output.named(mended.rule)} is for its next scan to prove")  # fmt: skip
    for mended in made.missed:
        output.complain(f"{_place(mended)}: {mended.tool} {output.named(mended.rule)}: not made; {output.named(mended.why)}")  # fmt: skip
    for flaw in made.introduced:
        output.complain(f"{flaw.name} in {flaw.package.partition('/')[2]} is new")
