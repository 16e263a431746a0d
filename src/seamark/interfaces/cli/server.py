"""The embedded server: waitress with a worker thread beside it."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import sys
import threading
from pathlib import Path

import click

from seamark.core.errors import SeamarkError

FORM_OVERHEAD = 1024 * 1024
"""What a form around a report may add to a request's length."""


def announce_first_login() -> None:
    """Make an administrator where there is nobody yet, and say the password that was generated."""
    from seamark.pipeline.people import first_administrator

    made = first_administrator()
    if made is not None:
        click.echo(
            f"First start: log in as {made.name} with the password {made.password} (shown once; change it on your account page)"
        )


def settle() -> None:
    """Load what the pages need, and leave it out of the collection of garbage, which would look at all of it for a fifth of a second."""
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 - reading it loads the pages
    gc.collect()
    gc.freeze()


def serve(
    host: str, port: int, *, threads: int = 8, worker: bool = True, certificate: tuple[Path, Path] | None = None
) -> None:
    """Serve until Ctrl-C or SIGTERM; the import at hand is finished first. Raises `SeamarkError` where the port is taken.

    `certificate` is a file with the certificate and those that signed it, and one with its key: then it is served by https.
    """
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from waitress.server import create_server

    from seamark.interfaces.cli.tls import Certificate, serve_tls
    from seamark.pipeline.worker import Worker

    tls = Certificate(*certificate) if certificate is not None else None
    scheme = "http" if tls is None else "https"
    try:
        server = create_server(
            get_wsgi_application(), host=host, port=port, threads=threads, ident=None, max_request_body_size=settings.SEAMARK_UPLOAD_LIMIT + FORM_OVERHEAD,
            clear_untrusted_proxy_headers=not settings.AXES_IPWARE_PROXY_COUNT, url_scheme=scheme,
        )  # fmt: skip
    except (OSError, socket.gaierror) as error:
        raise SeamarkError(
            f"The server cannot listen on {host}:{port}: {error.strerror or error}; choose another with --port"
        ) from None
    if tls is not None:
        # A name with several addresses makes several servers, which stand in the map of the whole.
        listening = [one for one in getattr(server, "map", {}).values() if hasattr(one, "channel_class")]
        serve_tls(listening or [server], tls)
    background = Worker()
    if worker:
        background.start()
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        server.close()

    previous = signal.signal(signal.SIGTERM, end)
    bound = getattr(server, "effective_port", port)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Seamark is on {scheme}://{shown}:{bound} (Ctrl-C ends it)")
    sys.stdout.flush()
    try:
        with contextlib.suppress(OSError, KeyboardInterrupt):
            # Who asks already waits for this as long as the first page would take.
            settle()
            server.run()
    finally:
        signal.signal(signal.SIGTERM, previous)
        server.close()
        if worker:
            click.echo("Finishing the import at hand …" if not stop.is_set() else "Ending", err=True)
            background.stop()
