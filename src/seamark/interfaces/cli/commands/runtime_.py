"""seamark runtime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from seamark.analysis.drift.known import Verdict
from seamark.core.assets import AssetKind, AssetRef, Found, Relation
from seamark.core.errors import UnreadableReport
from seamark.intake.dumps.dump import Dump, Said
from seamark.intake.dumps.read import read_dumps
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.table import Column, Words

if TYPE_CHECKING:
    from seamark.pipeline.runtime import Taken

_MOST_ROWS: Final = 60
_LARGEST: Final = 1024**3


@click.command("runtime")
@click.argument("dumps", nargs=-1, required=True, metavar="DUMP...")
@click.option(
    "--cluster", default="", metavar="NAME", help="The cluster that Kubernetes dumps are of, where they do not say it."
)
@click.option(
    "--account",
    default="",
    metavar="NAME",
    help="The cloud account, where dumps do not say it; for AWS ACCOUNT/REGION.",
)
@click.option(
    "--application",
    default="",
    metavar="NAME",
    help="Whose it is, where neither the declaration in git nor the image tells.",
)
@click.option("--environment", default="", metavar="NAME", help="production, staging …: of everything in the dumps.")
@click.option("--partial", is_flag=True, help="The dumps are not the whole: what they leave out stays as it was.")
@click.option(
    "--complete",
    is_flag=True,
    help="The dumps are all there is, for whoever sees one namespace only: what they leave out is gone.",
)
@click.option(
    "--attestation",
    "attestations",
    multiple=True,
    metavar="FILE",
    help="Attestations of running images, to verify with --key; may be repeated.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="PEM",
    help="A public key or certificate that attestations are verified with; may be repeated.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print what the dumps say, one JSON object a line, and keep nothing. Needs no database.",
)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(
    dumps: tuple[str, ...], cluster: str, account: str, application: str, environment: str, attestations: tuple[str, ...], keys: tuple[str, ...],
    *, partial: bool, complete: bool, dry_run: bool, as_lines: bool,
) -> None:  # fmt: skip
    """Take over what runs, from what kubectl, aws, gcloud and az print, and say how it drifted.

    Drift is: an image that runs and was never scanned, whose SBOM or attestation is of another build, that is older than a clean build; a
    workload that is not what git declares. It becomes issues like any other; only a complete dump closes them.

    \b
    Examples:
      kubectl get pods,deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs,services,ingresses,namespaces,nodes -A -o json > prod.json
      seamark runtime prod.json --cluster prod-eu
      seamark runtime tasks.json task-list.json task-definition.json --application shop
      seamark runtime prod.json --cluster prod-eu --dry-run | jq 'select(.kind == "workload")'

    \b
    Exit codes: 0 done, 1 it could not be kept, 2 something that is no dump.
    """  # fmt: skip
    if partial and complete:
        raise click.UsageError("--partial and --complete exclude each other.")
    said = Said(
        cluster=cluster.strip(),
        account=account.strip(),
        environment=environment.strip(),
        partial=partial,
        complete=complete,
    )
    for name, value in (("--cluster", said.cluster), ("--account", said.account), ("--environment", said.environment)):
        if len(value) > 200 or not value.isprintable():
            raise click.UsageError(f"{name} has at most 200 printable characters.")
    try:
        found = read_dumps([_content(path) for path in dumps], said)
        verified = _verified(attestations, keys)
    except UnreadableReport as error:
        output.complain(str(error))
        raise click.exceptions.Exit(2) from None
    if dry_run:
        _lines(found)
        return
    boot()
    from seamark.pipeline.imports import guarded
    from seamark.pipeline.runtime import Statement, take

    with guarded():
        taken = take(found, application=application.strip(), attestations=[Statement(*one) for one in verified])
    for one in taken:
        if as_lines:
            _plain(one)
        else:
            _show(one)


def _content(path: str) -> tuple[str, bytes]:
    name = output.named(path)
    try:
        with settled(path) as file:
            if file.stat().st_size > _LARGEST:
                raise UnreadableReport("It is too large")
            return name, file.read_bytes()
    except UnreadableReport as error:
        raise UnreadableReport(f"{name}: {error.reason}", where=error.where, hint=error.hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableReport(f"{name}: The file cannot be read: {reason}") from None


def _verified(paths: Sequence[str], keys: Sequence[str]) -> list[tuple[str, Verdict, str]]:
    """Return digest, verdict and key of what attestations are about. Raises `UnreadableReport`."""
    if not paths:
        return []
    from seamark.intake.parsers.kit.source import from_bytes
    from seamark.intake.sbom.provenance import read_provenance
    from seamark.intake.sbom.signatures import UnusableKey, load_keys

    try:
        known = load_keys(keys)
    except UnusableKey as error:
        raise click.UsageError(str(error)) from None
    found: dict[str, tuple[str, Verdict, str]] = {}
    for path in paths:
        name, data = _content(path)
        try:
            statements = read_provenance(from_bytes(data, name), known)
        except UnreadableReport as error:
            raise UnreadableReport(f"{name}: {error.reason}", where=error.where, hint=error.hint) from None
        for one in statements:
            verdict = (
                Verdict.VERIFIED if one.verified else Verdict.INVALID if one.verified is False else Verdict.UNVERIFIED
            )
            for subject in one.subjects:
                digest = f"sha256:{subject.digests.get('sha256', '')}"
                # One good signature is enough: several may have signed.
                if digest not in found or verdict is Verdict.VERIFIED:
                    found[digest] = (digest, verdict, one.key)
    return list(found.values())


def _lines(found: Sequence[Dump]) -> None:
    for dump in found:
        for asset in dump.discovery.assets:
            output.json_line(_asset(asset, dump.source))
        for relation in dump.discovery.relations:
            output.json_line(_relation(relation, dump.source))
        output.json_line({"dump": dump.source, "complete": dump.complete, "partial": list(dump.partial)})


def _asset(each: Found, source: str) -> dict[str, Any]:
    """Return a node as `seamark discover --json` prints it, with the dump's source. A dump has no lines."""
    return {
        "asset": each.ref.kind, "kind": each.ref.kind, "key": each.ref.key, "name": each.name, "path": "", "line": None, "origin": each.origin, "at": each.at,
        "confidence": each.confidence, "facts": each.facts, "said_in": source,
    }  # fmt: skip


def _relation(each: Relation, source: str) -> dict[str, Any]:
    def ref(one: AssetRef) -> dict[str, str]:
        return {"kind": one.kind, "key": one.key}

    return {
        "relation": each.kind, "source": ref(each.source), "target": ref(each.target), "origin": each.origin, "at": each.at, "confidence": each.confidence,
        "said_in": source,
    }  # fmt: skip


def _plain(one: Taken) -> None:
    import msgspec

    for judged in one.drift.images:
        output.json_line(
            {"image": judged.image, **msgspec.to_builtins(judged), "application": one.applications.get(judged.workload)}
        )
    for difference in one.drift.differences:
        output.json_line({"difference": difference.field, **msgspec.to_builtins(difference)})
    for image in one.drift.idle:
        output.json_line({"runs_nowhere": image.name})
    output.json_line({
        "dump": one.source, "complete": one.complete, "partial": list(one.partial), "running": len(one.running), "added": one.added, "ended": one.ended,
        "outcomes": [msgspec.to_builtins(each) for each in one.outcomes], "without_application": [each.key for each in one.running if each.key not in one.applications],
    })  # fmt: skip


def _show(one: Taken) -> None:
    whole = "the whole of it" if one.complete else f"not the whole: {'; '.join(one.partial)}"
    output.say(
        f"{one.source}: {output.count(len(one.running), 'workload')}, {one.added:,} new facts, {one.ended:,} ended ({whole})"
    )
    kinds = Counter("workload" if each.kind == AssetKind.WORKLOAD else "cloud resource" for each in one.running)
    if len(kinds) > 1:
        output.say("  " + ", ".join(output.count(number, word) for word, number in sorted(kinds.items())))
    short = one.source.rpartition(" ")[2] + "/"
    rows = [
        (each.workload.removeprefix(short), f"{each.image}{':' + each.tag if each.tag else ''}", each.digest[7:19], each.state.value.replace("-", " "), "; ".join(each.reasons[state.value] for state in each.states))
        for each in one.drift.images
    ]  # fmt: skip
    _table("What runs", ("workload", "image", "digest", "state", "why"), rows)
    _table("Otherwise than git declares", ("workload", "what", "runs", "git says"), [
        (each.workload.removeprefix(short), each.field, each.runs, f"{each.says} ({each.at})" if each.at else each.says) for each in one.drift.differences
    ])  # fmt: skip
    _table("Scanned, and running nowhere", ("image",), [(image.name,) for image in one.drift.idle])
    for outcome in one.outcomes:
        if outcome.findings or outcome.fixed:
            output.say(f"{outcome.application}: {output.count(outcome.findings, 'finding')} of drift, {outcome.new:,} new, {outcome.fixed:,} fixed, {output.count(outcome.issues, 'new issue')}")  # fmt: skip
    nobody = [each.key for each in one.running if each.key not in one.applications]
    if nobody:
        output.say(
            f"{output.count(len(nobody), 'workload')} belong to no application, so their drift is not imported: name it with --application"
        )


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    output.say("")
    output.say(title)
    output.table(
        [Column(column, least=8, fit="wrap") for column in columns],
        [[Words(str(cell)) for cell in row] for row in rows[:_MOST_ROWS]],
    )
    if len(rows) > _MOST_ROWS:
        output.say(f"… and {len(rows) - _MOST_ROWS:,} more; --json lists all")
