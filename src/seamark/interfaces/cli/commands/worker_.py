"""seamark worker."""

from __future__ import annotations

import signal

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot


@click.command("worker")
@click.option("--once", is_flag=True, help="Work off what waits, then end.")
def command(*, once: bool) -> None:
    """Work off what waits: imports, re-scoring; and once a day what is due. Any number of workers may run, on any number of hosts.

    \b
    Examples:
      seamark worker
      seamark worker --once
    """
    boot()
    from seamark.pipeline.worker import Worker, work_once

    if once:
        done: dict[str, int] = {"import": 0}
        while name := work_once():
            done[name] = done.get(name, 0) + 1
        click.echo(f"{', '.join(output.count(number, name) for name, number in done.items())} worked off")
        return
    worker = Worker()
    previous = {number: signal.signal(number, lambda *_: worker.stop(0)) for number in (signal.SIGTERM, signal.SIGINT)}
    click.echo("Waiting for work (Ctrl-C ends it after the piece at hand)", err=True)
    try:
        worker.run()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
