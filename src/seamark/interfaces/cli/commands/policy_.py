"""seamark policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from seamark.core.errors import NotFound, SeamarkError
from seamark.interfaces.cli import output, policies
from seamark.interfaces.cli.database import application_named, boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.governance.policy.bundle import Bundle, Policy
    from seamark.pipeline.facts import Simulated

STAGES = ("pull_request", "build", "deploy", "monitor")
_JSON = click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
_APPLICATION = click.option("--application", default="", metavar="NAME", help="Only this application.")


@click.group("policy")
def command() -> None:
    """Write, test and simulate policies; say what is in force.

    A policy is a YAML document with a condition over documented facts. DIR is a folder of them, or one file.

    \b
    Examples:
      seamark policy lint policies/
      seamark policy test policies/
      seamark policy simulate policies/ --application shop
      seamark policy sync security --git https://git.example/security/policies --branch main
      seamark policy replay no-critical-in-internet-facing --stage pull_request

    \b
    Exit codes: 0 done, 1 something is wrong with a policy, or it could not be done; 2 wrong words.
    """


@command.command("lint")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@_JSON
def lint(folder: Path, *, as_json: bool) -> None:
    """Check policies: every mistake with file, line and column, and what may be meant. Needs no database.

    \b
    Examples:
      seamark policy lint policies/
    """
    from seamark.governance.policy.bundle import examine, read_folder
    from seamark.governance.policy.words import advice

    bundle, mistakes = examine(read_folder(folder))
    for mistake in mistakes:
        output.json_line(mistake) if as_json else output.say(str(mistake))
    for sentence in advice(bundle):
        output.complain(f"advice: {sentence}")
    if mistakes:
        output.complain(f"{output.count(len(mistakes), 'mistake')}; {_policies(len(bundle.policies))} without any")
        raise click.exceptions.Exit(1)
    if not as_json:
        output.say(f"{_policies(len(bundle.policies))}, no mistakes")


@command.command("test")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@_JSON
def test(folder: Path, *, as_json: bool) -> None:
    """Run the examples inside policies. Needs no database.

    \b
    Examples:
      seamark policy test policies/
    """
    from seamark.governance.policy.examples import run

    bundle = _compiled(folder)
    found = run(bundle)
    wrong = [one for one in found if not one.right]
    for one in found if as_json else ():
        output.json_line({**msgspec.to_builtins(one), "right": one.right})
    for one in () if as_json else wrong:
        missing = f" (not known: {', '.join(one.unknown)})" if one.unknown else ""
        name = f" {one.name!r}" if one.name else ""
        output.say(f"{one.policy}, example {one.number}{name}: expected {one.expected}, found {one.found}{missing}")
    if not as_json:
        output.say(f"{output.count(len(found), 'example')} of {_policies(len(bundle.policies))}, {len(wrong):,} wrong")
    if wrong:
        raise click.exceptions.Exit(1)


@command.command("list")
@_JSON
def list_(*, as_json: bool) -> None:
    """List bundles and the policies that are in force.

    \b
    Examples:
      seamark policy list
    """
    boot()
    from seamark.governance.policy.kept.sync import bundles, in_force, names

    kept = {policy.name: policy for policy in in_force().policies}
    today = datetime.now(UTC).date()
    rows: list[dict[str, Any]] = []
    for bundle, name, version in names():
        policy = kept[name]
        rows.append({
            "bundle": bundle, "name": name, "version": version, "type": policy.spec.type.value, "mode": policy.mode(today).value,
            "severity": policy.spec.severity, "stages": {stage.value: effect.value for stage, effect in sorted(policy.spec.stages.items())},
            "description": policy.spec.description, "digest": policy.digest,
        })  # fmt: skip
    if as_json:
        for row in rows:
            output.json_line(row)
        return
    for one in bundles():
        when = f"{one.synced_at:%Y-%m-%d %H:%M}" if one.synced_at else "never"
        told = [
            one.location or "comes with Seamark",
            one.commit[:12],
            f"taken over {when}",
            "" if one.active else "not in force",
        ]
        output.paragraph(f"{one.name}: {' · '.join(word for word in told if word)}", "bold")
        for mistake in one.mistakes:
            output.paragraph(f"  not taken over: {_place(mistake)}{mistake['message']}", "medium")
    columns = [
        Column("Policy", least=12),
        Column("Bundle"),
        Column("Version", right=True),
        Column("Mode"),
        Column("At"),
        Column("Says", fit="wrap"),
    ]
    output.table(columns, [
        [output.text(word) for word in (
            row["name"], row["bundle"], row["version"], row["mode"],
            ", ".join(f"{stage} {effect}" for stage, effect in row["stages"].items()), row["description"],
        )]
        for row in rows
    ])  # fmt: skip


def _place(mistake: dict[str, Any]) -> str:
    return (
        f"{mistake['file']}:{mistake['line']}:{mistake['column']}: " if mistake.get("line") else f"{mistake['file']}: "
    )


@command.command("show")
@click.argument("name")
@_JSON
def show(name: str, *, as_json: bool) -> None:
    """Print a policy as it is in force, and its versions.

    \b
    Examples:
      seamark policy show kev-overdue
    """
    boot()
    import yaml

    from seamark.governance.policy.kept.sync import versions

    found = versions(name)
    if not found:
        raise _unknown(name)
    if as_json:
        for one in found:
            output.json_line({**msgspec.to_builtins(one), "content": msgspec.json.decode(one.content)})
        return
    output.verbatim(
        yaml.safe_dump(msgspec.json.decode(found[0].content), sort_keys=False, allow_unicode=True, width=110).rstrip()
    )
    for one in found:
        until = "in force" if one.active else f"until {one.until:%Y-%m-%d %H:%M}" if one.until else "not in force"
        output.paragraph(
            f"version {one.version} of {one.bundle}, {one.since:%Y-%m-%d %H:%M}, {until} {one.commit[:12]} {one.digest[:12]}",
            "dim",
        )


@command.command("explain")
@click.argument("name")
@click.option(
    "--from",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, path_type=Path),
    help="Take it from this folder, not from what is in force.",
)
@_APPLICATION
@_JSON
def explain(name: str, folder: Path | None, application: str, *, as_json: bool) -> None:
    """Say in words what a policy does, which facts it looks at, and what it would hold for today.

    \b
    Examples:
      seamark policy explain kev-overdue
      seamark policy explain no-critical --from policies/ --application shop
    """
    boot()
    from seamark.governance.policy.kept.sync import in_force
    from seamark.governance.policy.words import sentences, used

    policy = (_compiled(folder) if folder is not None else in_force()).named(name)
    if policy is None:
        raise _unknown(name)
    (found,) = _simulate([policy], application)
    said = sentences(policy, datetime.now(UTC).date())
    if as_json:
        output.json_line({"name": name, "sentences": said, "facts": used(policy), "today": found})
        return
    for sentence in said:
        output.paragraph(sentence)
    for words in (policy.metadata.explanation, policy.metadata.remediation):
        if words:
            output.paragraph(words, "dim")
    output.table(
        [Column("Fact"), Column("Is a"), Column("Meaning", fit="wrap")],
        [[output.text(one.name), output.text(one.type), output.text(one.sentence)] for one in used(policy)],
    )
    policies.show_simulated(found, 20)


@command.command("simulate")
@click.argument("what", metavar="DIR|NAME", required=False)
@_APPLICATION
@click.option(
    "--limit", default=10, type=click.IntRange(0, 1000), help="How many of each policy's hits are shown (default 10)."
)
@_JSON
def simulate(what: str | None, application: str, limit: int, *, as_json: bool) -> None:
    """Say what policies would hold for today, whatever their mode: how much, in which applications, and what.

    Without DIR or NAME all policies that are in force are asked.

    \b
    Examples:
      seamark policy simulate policies/
      seamark policy simulate kev-overdue --application shop
    """
    boot()
    for one in _simulate(_chosen(what).policies, application, limit):
        if as_json:
            output.json_line(one)
        else:
            policies.show_simulated(one, limit)


@command.command("replay")
@click.argument("what", metavar="DIR|NAME", required=False)
@click.option(
    "--stage", type=click.Choice(STAGES), default="pull_request", help="As if asked there (default pull_request)."
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only builds since this day.")
@_APPLICATION
@click.option("--limit", default=20, type=click.IntRange(0, 2000), help="How many builds are shown (default 20).")
@_JSON
def replay(
    what: str | None, stage: str, since: datetime | None, application: str, limit: int, *, as_json: bool
) -> None:
    """Ask policies about past builds, as if they had been enforced then: what would have been blocked.

    A build is what was scanned of one commit. Its issues are those that stood open then; which of them were new, their severity, age and
    exploitation are the day's. Exposure, reach, EPSS and business context are today's. Policies about other things than issues and
    scans are left out and named.

    \b
    Examples:
      seamark policy replay policies/ --stage pull_request --since 2026-01-01
    """
    boot()
    from seamark.governance.policy.model import Stage
    from seamark.pipeline.trial import replayed
    from seamark.store.access import everything

    found = replayed(
        everything(), _chosen(what), Stage(stage), now=datetime.now(UTC), applications=_only(application),
        since=since.replace(tzinfo=UTC) if since is not None else None,
    )  # fmt: skip
    if as_json:
        output.json_line({**msgspec.to_builtins(found), "sentence": found.sentence})
    else:
        policies.show_replay(found, limit)


@command.command("sync")
@click.argument("name", required=False)
@click.option("--starter", "starter", is_flag=True, help="The bundle that comes with Seamark.")
@click.option(
    "--folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="The bundle is this folder.",
)
@click.option("--git", "address", metavar="URL|PATH", help="The bundle is in this git repository.")
@click.option("--branch", default="", metavar="NAME", help="Its branch; by default the repository's own.")
@click.option("--path", default="", metavar="DIR", help="The folder inside the repository.")
@_JSON
def sync(
    name: str | None, folder: str | None, address: str | None, branch: str, path: str, *, starter: bool, as_json: bool
) -> None:  # fmt: skip
    """Take bundles over: the one that is named, or all that are known. All of a bundle or nothing: mistakes leave what is in force.

    For a repository that asks for a password, SEAMARK_POLICY_TOKEN (or SEAMARK_POLICY_TOKEN_FILE) is an access token that may read it.

    \b
    Examples:
      seamark policy sync --starter
      seamark policy sync security --git https://git.example/security/policies --branch main --path policies
      seamark policy sync
    """
    if sum((starter, folder is not None, address is not None)) > 1:
        raise click.UsageError("--starter, --folder and --git exclude each other.")
    if (folder or address) and not name:
        raise click.UsageError("A bundle needs a name: seamark policy sync NAME --git URL")
    if (branch or path) and not address:
        raise click.UsageError("--branch and --path are for --git.")
    boot()
    from seamark.governance.policy.kept.sync import STARTER, bundles, declare
    from seamark.pipeline.bundles import refresh
    from seamark.store.models.policies import BundleKind

    if starter:
        rows = [declare(name or STARTER, BundleKind.STARTER)]
    elif folder is not None or address is not None:
        kind = BundleKind.FOLDER if folder is not None else BundleKind.GIT
        rows = [declare(name or "", kind, folder or address or "", branch=branch, path=path)]
    else:
        rows = [one for one in bundles() if name in {None, one.name}]
        if not rows:
            raise NotFound(
                f"There is no bundle {name!r}" if name else "There is no bundle yet",
                hint="`seamark policy sync --starter` takes over the one that comes with Seamark",
            )
    failed = False
    for row in rows:
        found = refresh(row)
        failed = failed or bool(found.mistakes)
        if as_json:
            output.json_line(found)
            continue
        for mistake in found.mistakes:
            output.complain(str(mistake))
        told = [
            f"{len(names)} {word}"
            for word, names in (("added", found.added), ("changed", found.changed), ("removed", found.removed))
            if names
        ]
        output.say(
            f"{found.bundle}: {'not taken over; what was in force stays' if found.mistakes else ', '.join(told) or 'unchanged'} {found.commit[:12]}".rstrip()
        )
    if failed:
        raise click.exceptions.Exit(1)


def _compiled(folder: Path) -> Bundle:
    from seamark.governance.policy.bundle import Bundle, read_folder

    return Bundle.compile(read_folder(folder))


def _chosen(what: str | None) -> Bundle:
    """Return the policies of a folder, the one of a name, or all that are in force."""
    from seamark.governance.policy.bundle import Bundle
    from seamark.governance.policy.kept.sync import in_force

    if what is not None and Path(what).exists():
        return _compiled(Path(what))
    bundle = in_force()
    if what is None:
        if not bundle.policies:
            raise SeamarkError(
                "No policy is in force; `seamark policy sync --starter` takes over those that come with Seamark"
            )
        return bundle
    policy = bundle.named(what)
    if policy is None:
        raise _unknown(what)
    return Bundle([policy], bundle.commit)


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"There is no policy {name!r}, and no such folder", hint="`seamark policy list` names those in force"
    )


def _only(application: str) -> list[int] | None:
    return [application_named(application).pk] if application else None


def _simulate(policies: Sequence[Policy], application: str, most: int = 20) -> list[Simulated]:
    from seamark.pipeline.trial import simulated
    from seamark.store.access import everything

    return simulated(everything(), policies, now=datetime.now(UTC), applications=_only(application), most=most)


def _policies(number: int) -> str:
    return f"{number:,} {'policy' if number == 1 else 'policies'}"
