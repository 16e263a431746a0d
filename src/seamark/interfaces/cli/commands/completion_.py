"""seamark completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Example:
      seamark completion bash > ~/.local/share/bash-completion/completions/seamark
    """
    from seamark.interfaces.cli.main import main

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click knows the shells that it offers
    click.echo(found(main, {}, "seamark", "_SEAMARK_COMPLETE").source())
