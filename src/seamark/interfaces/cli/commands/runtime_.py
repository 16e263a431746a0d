"""seamark runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from seamark.analysis.drift.known import Verdict
from seamark.core.errors import UnreadableReport
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.read import read_dumps
from seamark.interfaces.cli import drifted, output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.syncs import status, sync

_LARGEST: Final = 1024**3


class _Runtime(click.Group):
    """Takes what is no name of a command for dumps: `seamark runtime prod.json`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command that reads dumps before words that name none."""
        if args and args[0] not in self.commands and args[0] not in self.get_help_option_names(ctx):
            args = ["read", *args]
        return super().parse_args(ctx, args)


@click.group("runtime", cls=_Runtime)
def command() -> None:
    """Take over what runs in clusters and clouds, and say how it drifted.

    `read` may be left out.

    \b
    Examples:
      seamark runtime prod.json --cluster prod-eu
      seamark runtime sync kubernetes --cluster prod-eu --context prod
      seamark runtime status
    """


command.add_command(sync)
command.add_command(status)


@command.command("read")
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
def read(
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
        drifted.lines(found)
        return
    boot()
    from seamark.pipeline.imports import guarded
    from seamark.pipeline.runtime import Statement, take

    with guarded():
        taken = take(found, application=application.strip(), attestations=[Statement(*one) for one in verified])
    drifted.tell(taken, as_lines=as_lines)


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
