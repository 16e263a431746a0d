"""seamark worker."""

from __future__ import annotations

import signal

import click

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
        click.echo(f"{done} imports worked off")
        return
    worker = Worker()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop(0))
    click.echo("Waiting for imports (Ctrl-C ends it after the one at hand)", err=True)
    worker.run()
