"""seamark serve."""

from __future__ import annotations

from pathlib import Path

import click

from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.server import announce_first_login, serve


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests that are answered at once."
)
@click.option("--no-worker", is_flag=True, help="Leave imports to `seamark worker`.")
@click.option(
    "--tls-cert",
    type=click.Path(path_type=Path),
    help="Certificate with those that signed it (PEM): serve by https; with --tls-key.",
)
@click.option("--tls-key", type=click.Path(path_type=Path), help="Key of the certificate (PEM).")
def command(
    host: str, port: int, threads: int, tls_cert: Path | None, tls_key: Path | None, *, no_worker: bool
) -> None:
    """Start the web UI and the API, with a worker for imports.

    \b
    Examples:
      seamark serve
      seamark serve --host 0.0.0.0 --port 8080       name the host in SEAMARK_ALLOWED_HOSTS
      seamark serve --tls-cert tls.crt --tls-key tls.key
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    boot()
    announce_first_login()
    certificate = (tls_cert, tls_key) if tls_cert is not None and tls_key is not None else None
    serve(host, port, threads=threads, worker=not no_worker, certificate=certificate)
