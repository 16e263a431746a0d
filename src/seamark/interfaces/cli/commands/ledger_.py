"""seamark ledger."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.governance.ledger.anchored import Anchored, Trusted
    from seamark.governance.ledger.note import Verifier
    from seamark.governance.ledger.verify import Verified

COLUMNS = (
    Column("Entry", right=True),
    Column("When", least=19),
    Column("Kind", least=8),
    Column("About", least=12, most=50),
    Column("Who", least=8, most=30),
)
_NOTE = 1_000_000
_PROOF = 16_000_000
_json = click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")


_rekor_key = click.option(
    "--rekor-key", "logs", type=click.Path(path_type=Path, exists=True, dir_okay=False), multiple=True,
    help="PEM public key of a Rekor log that you trust; can be given several times.",
)  # fmt: skip
_authority = click.option(
    "--authority", "authorities", type=click.Path(path_type=Path, exists=True, dir_okay=False), multiple=True,
    help="PEM certificates of a time-stamping authority that you trust: its root, and what stands between; can be given several times.",
)  # fmt: skip


@click.group("ledger")
def command() -> None:
    """Read, sign, export and verify the record of all decisions.

    \b
    Examples:
      seamark ledger key seamark.example/ledger --output ledger.key
      seamark ledger list --kind triage
      seamark ledger checkpoint --tag ../audit
      seamark ledger anchor --rekor https://rekor.example --rekor-key rekor.pem
      seamark ledger export 2026-q4.zip
      seamark ledger verify 2026-q4.zip --key ledger.pub --against 2026-q3.checkpoint
    """


@command.command("list")
@click.option("--kind", default="", help="Of this kind only: triage, merge, closure, grant …")
@click.option("--actor", default="", help="By this person, or system:… only.")
@click.option("--subject", default="", help="About this only, such as SM-12.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many, newest first.")
@_json
def listed(kind: str, actor: str, subject: str, limit: int, *, as_lines: bool) -> None:
    """List entries, newest first."""
    boot()
    from seamark.governance.ledger.entry import moment, read_entry
    from seamark.governance.ledger.reading import Filter, readable
    from seamark.store.access import everything

    rows = readable(everything(), Filter(kind, actor, subject)).order_by("-number")[:limit]
    if as_lines:
        for row in rows.iterator(chunk_size=500):
            output.json_line(read_entry(row.content))
        return
    shown = [[str(row.number), moment(row.at)[:19].replace("T", " "), row.kind, row.subject, row.actor] for row in rows]
    if not shown:
        click.echo("No entry fits." if kind or actor or subject else "Nothing was decided yet.")
        return
    output.table(COLUMNS, ([output.text(cell) for cell in row] for row in shown))


@command.command("show")
@click.argument("number", type=click.IntRange(0, 2**62))
@_json
def show(number: int, *, as_lines: bool) -> None:
    """Show one entry in full; with --json exactly the bytes that are hashed."""
    boot()
    from seamark.core.errors import NotFound
    from seamark.governance.ledger.reading import readable
    from seamark.store.access import everything

    row = readable(everything()).filter(pk=number).first()
    if row is None:
        raise NotFound(f"The ledger has no entry {number}")
    if as_lines:
        click.echo(row.content.encode())
        return
    output.verbatim(msgspec.json.format(row.content.encode(), indent=2).decode())
    output.say(f"Leaf hash {bytes(row.leaf_hash).hex()}")


@command.command("checkpoint")
@click.option("--output", "path", type=click.Path(path_type=Path), help="Write it to this file as well.")
@click.option(
    "--tag",
    "repository",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Write it into this git repository as a tag.",
)
@click.option(
    "--timestamp-request",
    "request",
    type=click.Path(path_type=Path),
    help="Write a request (RFC 3161) for a time stamp of it to this file.",
)
@_json
def checkpoint(path: Path | None, repository: Path | None, request: Path | None, *, as_lines: bool) -> None:
    """Sign the ledger as it is now, and anchor the signature elsewhere."""
    boot()
    from seamark.governance.ledger import anchors
    from seamark.governance.ledger.checkpoints import sign_now
    from seamark.governance.ledger.entry import moment

    made = sign_now()
    if path is not None:
        path.write_text(made.note, "utf-8")
    name = anchors.tag(repository, made.note, made.size) if repository is not None else None
    if request is not None:
        request.write_bytes(anchors.timestamp_request(made.note))
    if as_lines:
        output.json_line(
            {"size": made.size, "root": bytes(made.root).hex(), "at": moment(made.at), "note": made.note, "tag": name}
        )
        return
    click.echo(made.note, nl=False)
    if name:
        output.complain(f"Tagged as {name}; `git push origin {name}` takes it elsewhere")


@command.command("anchor")
@click.option("--rekor", "url", default="", help="Enter the ledger as it is now in the Rekor log at this address.")
@click.option(
    "--timestamp", "response", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Keep this time stamp (RFC 3161), an authority's answer to a request that `checkpoint` made.",
)  # fmt: skip
@click.option("--output", "path", type=click.Path(path_type=Path), help="Write the log's answer to this file as well.")
@_rekor_key
@_authority
@_json
def anchor(
    url: str, response: Path | None, path: Path | None, logs: tuple[Path, ...], authorities: tuple[Path, ...], *, as_lines: bool
) -> None:  # fmt: skip
    """Let others vouch for the ledger: sign it and enter the checkpoint in a Rekor log, or keep a time stamp with its checkpoint.

    Only what holds is kept, and exports carry it. Hosts with private addresses have to be named in SEAMARK_INTERNAL_HOSTS.
    """
    if not url and response is None:
        raise click.UsageError("Name a log with --rekor, or a time stamp with --timestamp")
    boot()
    from django.conf import settings

    from seamark.governance.ledger import anchoring
    from seamark.governance.ledger.checkpoints import sign_now

    trusted = _trusted(logs, authorities)
    if response is not None:
        _tell_anchor(anchoring.keep_stamp(_raw(response), trusted).told, as_lines=as_lines)
    if url:
        made = anchoring.anchor_in_log(sign_now(), url, trusted=trusted, internal=settings.SEAMARK_INTERNAL_HOSTS)
        if path is not None:
            path.write_bytes(bytes(made.anchor.answer))
        _tell_anchor(made.told, as_lines=as_lines)


@command.command("anchored")
@click.argument("note", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("answer", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", default="", help="The verifier's key (name+id+key) of the ledger, or a file that holds it.")
@_rekor_key
@_authority
@_json
def anchored(
    note: Path, answer: Path, key: str, logs: tuple[Path, ...], authorities: tuple[Path, ...], *, as_lines: bool
) -> None:
    """Check that ANSWER, of a Rekor log or a time-stamping authority, vouches for the checkpoint in NOTE, and since when.

    Needs no database and no server. The keys have to come from elsewhere than the answer.
    """
    from seamark.governance.ledger.anchored import check, kind_of

    raw = _raw(answer)
    kind = kind_of(raw)
    needed, option = (logs, "--rekor-key") if kind == "rekor" else (authorities, "--authority")
    if not needed:
        raise click.UsageError(f"{option} is needed: this is the answer of {_WITNESSES[kind]}")
    _tell_anchor(check(kind, _text(note), raw, _verifier(key), _trusted(logs, authorities)), as_lines=as_lines)


_WITNESSES = {"rekor": "a Rekor log", "timestamp": "a time-stamping authority"}


def _tell_anchor(told: Anchored, *, as_lines: bool) -> None:
    if as_lines:
        output.json_line(told)
    else:
        output.say(_words(told))


def _words(told: Anchored) -> str:
    """Return what an anchor says, in a sentence."""
    place = f"in the log {told.where}" if told.where else "stamped"
    how = "" if told.checked else f"; whether {_WITNESSES[told.kind]} has signed that was not checked"
    option = "" if told.checked else f" ({'--rekor-key' if told.kind == 'rekor' else '--authority'} does)"
    return f"The checkpoint of {told.size:,} entries is {place} since {told.at}{how}{option}"


def _trusted(logs: tuple[Path, ...], authorities: tuple[Path, ...]) -> Trusted:
    from seamark.governance.ledger.anchored import Trusted

    return Trusted(b"\n".join(map(_raw, logs)), b"\n".join(map(_raw, authorities)))


@command.command("prove")
@click.argument("number", type=click.IntRange(0, 2**62))
@click.option(
    "--output", "path", type=click.Path(path_type=Path), help="Write the proof to this file instead of printing it."
)
@click.option("--json", "as_lines", is_flag=True, help="The proof is JSON anyway.")
def prove(number: int, path: Path | None, *, as_lines: bool) -> None:  # noqa: ARG001 - every command of the group has it
    """Prove that an entry is in the ledger that the newest checkpoint signs."""
    boot()
    from seamark.governance.ledger.checkpoints import proof_of

    proof = msgspec.json.encode(proof_of(number))
    if path is None:
        click.echo(proof)
        return
    path.write_bytes(proof + b"\n")
    output.say(f"The proof of entry {number} is in {path}; `seamark ledger verify {path} --key …` checks it anywhere")


@command.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@_json
def export(path: Path, *, as_lines: bool) -> None:
    """Sign the ledger and write all of it to PATH: a new folder, or a zip file where it ends with .zip."""
    boot()
    from seamark.governance.ledger.exporting import export

    made = export(path)
    if as_lines:
        output.json_line({"path": str(path), "size": made.size, "root": bytes(made.root).hex()})
        return
    output.say(f"{output.count(made.size, 'entry') if made.size == 1 else f'{made.size:,} entries'} in {path}")


@command.command("verify")
@click.argument("path", type=click.Path(path_type=Path, exists=True), required=False)
@click.option("--key", default="", help="The verifier's key (name+id+key), or a file that holds it.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    help="An older checkpoint that you kept; can be given several times.",
)
@click.option(
    "--database",
    is_flag=True,
    help="Compare the live rows of this installation too; without PATH, verify its own ledger.",
)
@_rekor_key
@_authority
@_json
@click.pass_context
def verify(
    context: click.Context, path: Path | None, key: str, against: tuple[Path, ...], logs: tuple[Path, ...],
    authorities: tuple[Path, ...], *, database: bool, as_lines: bool,
) -> None:  # fmt: skip
    """Verify an export, or the proof of one entry, without any server. Exit code 1 where something is wrong.

    The keys have to come from elsewhere than the export: who can forge one can put keys of their own beside it.
    """
    if path is None and not database:
        raise click.UsageError("Name an export or a proof, or use --database for this installation's own ledger")
    notes = tuple(_text(one) for one in against)
    trusted = _trusted(logs, authorities)
    told = (
        _verify_live(path, key, notes, trusted) if database else _verify_offline(path, _verifier(key), notes, trusted)
    )
    _tell(told, as_lines=as_lines)
    context.exit(0 if told.ok else 1)


def _verify_offline(path: Path | None, key: Verifier, notes: tuple[str, ...], trusted: Trusted) -> Verified:
    from seamark.governance.ledger.folder import UnusableExport, verify_export, verify_proof

    assert path is not None  # noqa: S101 - the caller has asked for one
    if path.is_dir() or path.read_bytes()[:2] == b"PK":
        return verify_export(path, key, notes, trusted=trusted)
    if path.stat().st_size > _PROOF:
        raise UnusableExport(f"{path.name} is no export, and too large for a proof")
    return verify_proof(path.read_bytes(), key, notes)


def _verify_live(path: Path | None, key: str, notes: tuple[str, ...], trusted: Trusted) -> Verified:
    boot()
    from seamark.governance.ledger.checkpoints import needed_signer
    from seamark.governance.ledger.live import verify_beside, verify_database

    verifier = _verifier(key) if key else needed_signer().verifier
    if path is not None:
        return verify_beside(path, verifier, notes, trusted=trusted)
    return verify_database(verifier, notes, trusted=trusted)


def _verifier(key: str) -> Verifier:
    from seamark.governance.ledger.note import read_verifier

    if not key:
        raise click.UsageError(
            "--key is needed: the verifier's key that `seamark ledger key` printed, or a file that holds it"
        )
    return read_verifier(_text(Path(key)) if "+" not in key or Path(key).is_file() else key)


def _text(path: Path) -> str:
    return _raw(path).decode("utf-8", "replace")


def _raw(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_NOTE)


def _tell(told: Verified, *, as_lines: bool) -> None:
    if as_lines:
        output.json_line(told)
        return
    for fault in told.faults:
        output.say(fault.words)
    if told.more:
        output.say(f"… and {told.more:,} more")
    rows = f", {told.rows:,} live rows as they were decided" if told.rows is not None else ""
    if told.ok:
        output.say(f"Good: {told.size:,} entries, {output.count(told.checkpoints, 'checkpoint')}{rows}")
    else:
        number = len(told.faults) + told.more
        output.say(f"NOT good: {number:,} {'thing is' if number == 1 else 'things are'} not as signed")
    for one in told.anchors:
        output.say(_words(one))
    if told.unsigned:
        output.say(f"{told.unsigned:,} entries were added since, which no checkpoint signs yet")


@command.command("key")
@click.argument("name")
@click.option(
    "--output",
    "path",
    type=click.Path(path_type=Path),
    help="Write the secret key to this file, readable by its owner only.",
)
@_json
def key(name: str, path: Path | None, *, as_lines: bool) -> None:
    """Make the key that signs checkpoints of the log NAME, such as seamark.example/ledger.

    The secret half goes into SEAMARK_LEDGER_KEY, or its file into SEAMARK_LEDGER_KEY_FILE; give the other half to whoever verifies.
    """
    from seamark.governance.ledger.note import new_signer

    made = new_signer(name)
    if path is not None:
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{made}\n")
        except (OSError, ValueError) as error:
            raise click.ClickException(f"{output.named(str(path))} cannot be written: {error}") from None
    if as_lines:
        output.json_line({"verifier": str(made.verifier), **({} if path is not None else {"signer": str(made)})})
        return
    if path is None:
        click.echo(f"Secret key: {made}")
    click.echo(f"Verifier's key: {made.verifier}")


@command.command("replay")
@click.argument("number", type=click.IntRange(0, 2**62))
@_json
@click.pass_context
def replay(context: click.Context, number: int, *, as_lines: bool) -> None:
    """Decide anew what an entry records, from its inputs, and compare bit for bit. Exit code 1 where it differs."""
    boot()
    from seamark.governance.ledger.replaying import replay

    # Who knows how to decide anew says so when it is loaded.
    importlib.import_module("seamark.pipeline.gate.kept")
    told = replay(number)
    if as_lines:
        output.json_line(told)
    elif told.same:
        output.say(f"Entry {number} ({told.kind}) comes to the same, bit for bit")
    else:
        output.say(f"Entry {number} ({told.kind}) comes to something else today")
        output.verbatim(f"recorded    {told.recorded}\nrecomputed  {told.recomputed}")
    context.exit(0 if told.same else 1)
