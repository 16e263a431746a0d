"""The server that a command talks to in place of this installation's database: one place for its address and token."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from seamark.client import Client

Command = TypeVar("Command", bound=Callable[..., Any])


def server_options(command: Command) -> Command:
    """Give a command `--url` and `--token`, which `client` takes."""
    token = click.option("--token", default="", help="Token for it; better in SEAMARK_TOKEN or SEAMARK_TOKEN_FILE.")
    url = click.option("--url", default="", help="Ask this server rather than this installation [SEAMARK_URL].")
    return url(token(command))


def client(url: str = "", token: str = "") -> Client | None:
    """Return the client of the server that is named, by option or environment; None where none is. Raises `RemoteFailure`."""
    address = url.strip() or os.environ.get("SEAMARK_URL", "").strip()
    if not address:
        return None
    from seamark.client import Client

    return Client(address, token.strip() or token_of_environment())


def token_of_environment() -> str:
    """Return the token that `SEAMARK_TOKEN` or the file of `SEAMARK_TOKEN_FILE` holds. Raises `click.UsageError`."""
    token = os.environ.get("SEAMARK_TOKEN", "").strip()
    if not token and (named := os.environ.get("SEAMARK_TOKEN_FILE")):
        try:
            token = Path(named).read_text("utf-8").strip()
        except OSError as error:
            raise click.UsageError(f"SEAMARK_TOKEN_FILE cannot be read: {error}") from None
    if not token:
        raise click.UsageError("SEAMARK_URL is set but SEAMARK_TOKEN is not; make a token on your account page")
    return token
