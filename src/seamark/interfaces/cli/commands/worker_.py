"""seamark worker."""

from __future__ import annotations

import signal

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot


@click.command("worker")
@click.option("--once", is_flag=True, help="Work off what waits, then end.")
def command(*, once: bool) -> None:
    """Work off queued imports; any number of workers may run, on any number of hosts.

    \b
    Examples:
      seamark worker
      seamark worker --once
    """
    boot()
    from seamark.pipeline.imports import Worker, work_once

    if once:
        done = 0
        while work_once():
            done += 1
        click.echo(f"{output.count(done, 'import')} worked off")
        return
    worker = Worker()
    previous = {number: signal.signal(number, lambda *_: worker.stop(0)) for number in (signal.SIGTERM, signal.SIGINT)}
    click.echo("Waiting for imports (Ctrl-C ends it after the one at hand)", err=True)
    try:
        worker.run()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
