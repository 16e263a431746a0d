"""seamark demo."""

from __future__ import annotations

import os
from pathlib import Path

import click

from seamark.core.errors import SeamarkError
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot

APPLICATION = "Harbour"


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="Import and print only.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--example",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of the example; by default the one that comes with Seamark.",
)
def command(*, no_serve: bool, host: str, port: int, example: Path | None) -> None:
    """Import the example application's real scanner reports, print the ten things to fix first, and show them.

    \b
    Examples:
      seamark demo
      seamark demo --no-serve
    """
    folder = example or _example()
    boot()
    from seamark.interfaces.cli.commands.issues_ import print_issues
    from seamark.pipeline.demo import load_example

    with output.progress("Importing the example") as tell:
        told = load_example(folder, tell)
    for line in told.lines:
        click.echo(line)
    click.echo(f"\n{told.findings:,} findings of {told.tools} tools → {told.issues:,} issues. Ten to fix first:\n")
    print_issues(told.first)
    if no_serve:
        return
    from seamark.interfaces.cli.server import serve

    _sign_ledger()
    click.echo(f"\nLog in as {told.login.name} with the password {told.login.password}")
    serve(host, port)


def _sign_ledger() -> None:
    """Sign the demo's ledger with a key of its own, where none is set, so that proofs and evidence packs can be looked at.

    The key is kept beside the database: good enough to look at, and for no other installation.
    """
    from django.conf import settings

    from seamark.governance.ledger.note import new_signer

    if settings.SEAMARK_LEDGER_KEY:
        return
    path = settings.SEAMARK_HOME / "ledger.key"
    try:
        settings.SEAMARK_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(f"{new_signer('seamark.example/demo')}\n")
        settings.SEAMARK_LEDGER_KEY = path.read_text("utf-8").strip()
    except OSError as error:
        raise SeamarkError(f"{path} cannot be written: {error}") from None


def _example() -> Path:
    """Return the folder of the example: beside the package's source, or inside the installed package."""
    here = Path(__file__).resolve()
    package = here.parents[3]
    for folder in (package / "examples" / "harbour", package.parents[1] / "examples" / "harbour"):
        if (folder / "reports").is_dir():
            return folder
    raise SeamarkError("The example is not part of this installation; name its folder with --example")
