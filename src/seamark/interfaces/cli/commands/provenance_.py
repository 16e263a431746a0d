"""seamark provenance."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from seamark.core.assets import Found
from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import open_source
from seamark.intake.sbom.provenance import Provenance, read_provenance, told
from seamark.intake.sbom.signatures import UnusableKey, load_keys
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled


@click.command("provenance")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--key", "keys", multiple=True, metavar="PEM", help="A public key or certificate that signatures are verified with; may be repeated.")  # fmt: skip
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(files: tuple[str, ...], keys: tuple[str, ...], *, as_lines: bool) -> None:
    """Say which build made an artefact from which commit, and whether that is signed.

    in-toto statements, DSSE envelopes, Sigstore bundles and cosign's .att files with SLSA provenance 0.1, 0.2 and 1.0 are read. A
    signature counts only if a key verifies it that you give: what an envelope says of itself proves nothing.

    \b
    Examples:
      seamark provenance attestation.json
      seamark provenance shop.att --key cosign.pub --json

    \b
    Exit codes: 0 all read and, where a key is given, verified; 1 something is not verified; 2 something unreadable or no key.
    """
    try:
        known = load_keys(keys)
    except UnusableKey as error:
        raise click.UsageError(str(error)) from None
    unreadable = unverified = False
    for path in files:
        name = output.named(path)
        try:
            with settled(path) as file:
                found = read_provenance(open_source(file), known)
        except UnreadableReport as error:
            output.complain(f"{name}: {error}")
            unreadable = True
            continue
        for one in found:
            unverified |= bool(known) and not one.verified
            if as_lines:
                output.json_line(_plain(name, one))
            else:
                _show(name, one)
    if unreadable:
        raise click.exceptions.Exit(2)
    if unverified:
        raise click.exceptions.Exit(1)


def _plain(name: str, one: Provenance) -> dict[str, Any]:
    row: dict[str, Any] = {"file": name, "predicate_type": one.predicate_type, "slsa": one.slsa or None}
    for field in (
        "repository",
        "commit",
        "ref",
        "workflow",
        "builder",
        "build_type",
        "invocation",
        "started",
        "finished",
    ):
        row[field] = getattr(one, field)
    row["subjects"] = [{"name": subject.name, "digests": subject.digests} for subject in one.subjects]
    row.update(signed=one.signed, verified=one.verified, key=one.key or None, problems=list(one.problems))
    row["relations"] = [
        {
            "kind": relation.kind.value,
            "source": msgspec.to_builtins(relation.source),
            "target": msgspec.to_builtins(relation.target),
            "confidence": relation.confidence,
        }
        for relation in told(one)
        if not isinstance(relation, Found)
    ]
    return row


def _show(name: str, one: Provenance) -> None:
    state = f"verified with {one.key}" if one.verified else "NOT VERIFIED" if one.verified is False else "not verified"
    kind = f"SLSA provenance {one.slsa}" if one.slsa else one.predicate_type
    output.say(f"{name}: {kind}, {state}")
    for subject in one.subjects:
        digests = ", ".join(f"{sort}:{digest}" for sort, digest in subject.digests.items())
        output.say(f"  artefact    {subject.name or '(no name)'} {digests}".rstrip())
    source = one.repository + (f"@{one.commit}" if one.commit else "") + (f" ({one.ref})" if one.ref else "")
    for label, words in (
        ("built from", source),
        ("by", one.builder),
        ("workflow", one.workflow),
        ("run", one.invocation),
    ):
        if words:
            output.say(f"  {label:<12}{words}")
    for sentence in one.problems:
        output.say(f"  {'note':<12}{sentence}")
