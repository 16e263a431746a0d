"""seamark runtime sync and status: live clusters and clouds, and how they stand."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

from seamark.core.errors import RemoteFailure, SeamarkError, UnreadableReport
from seamark.intake.dumps.dump import Said
from seamark.interfaces.cli import drifted, output
from seamark.interfaces.cli.database import boot

if TYPE_CHECKING:
    from seamark.intake.connectors.clusters.look import Look
    from seamark.pipeline.runtime import sync as live

_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_LEAST: Final = 30
_MOST: Final = 7 * 86400


class _Every(click.ParamType[int]):
    """A time between syncs: `90s`, `15m`, `6h`; from half a minute to a week."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([0-9]{1,6})([smhd]?)", str(value))
        seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
        if not _LEAST <= seconds <= _MOST:
            self.fail(f"{value!r} is no time from 30s to 7d, such as 15m", param, ctx)
        return seconds


_OPTIONS = (
    click.option("--application", default="", metavar="NAME", help="Whose it is, where neither the declaration in git nor the image tells."),
    click.option("--environment", default="", metavar="NAME", help="production, staging …: of everything that is told."),
    click.option("--partial", is_flag=True, help="It is not the whole: what is not told stays as it was."),
    click.option("--every", type=_Every(), metavar="TIME", help="Sync again and again, so long after each other: 15m, 6h. SIGTERM ends it."),
    click.option("--dry-run", is_flag=True, help="Print what is told, one JSON object a line, and keep nothing. Needs no database."),
    click.option("--json", "as_lines", is_flag=True, help="One JSON object a line."),
)  # fmt: skip


def _usual(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.group("sync")
def sync() -> None:
    """Ask a live cluster or a cloud account itself. Nothing is changed there; no credentials are kept here.

    A list that cannot be read makes the sync partial: it says so, and what it does not tell of stays.

    \b
    Examples:
      seamark runtime sync kubernetes --cluster prod-eu --context prod --application shop
      seamark runtime sync kubernetes --cluster prod-eu --every 15m
      seamark runtime sync aws --region eu-west-1 --profile audit
      seamark runtime sync google --project shop-prod
      seamark runtime sync azure

    \b
    Exit codes: 0 done, all of it or a part, 1 nothing could be taken over, 2 wrong words.
    """


@sync.command("kubernetes")
@click.option("--cluster", required=True, metavar="NAME", help="What the cluster is called here.")
@click.option(
    "--kubeconfig",
    "config",
    default="",
    metavar="FILE",
    help="Default: KUBECONFIG, then ~/.kube/config; in a pod its service account.",
)
@click.option("--context", default="", metavar="NAME", help="A context of the kubeconfig other than the current one.")
@click.option("--server", default="", metavar="URL", help="The API itself, with --token-file.")
@click.option(
    "--token-file", default="", metavar="FILE", help="The token of a service account, read anew for each request."
)
@click.option(
    "--ca",
    "authority",
    default="",
    metavar="FILE",
    help="The authority that the API's certificate is checked against (PEM).",
)
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="NAME",
    help="Only this namespace; may be repeated. Then it is partial.",
)
@click.option("--complete", is_flag=True, help="The namespaces named are all there is: what they leave out is gone.")
@click.option("--allow-exec", is_flag=True, help="Run the program that the kubeconfig gets its credentials from.")
@click.option("--with-kubectl", is_flag=True, help="Ask through kubectl, which makes the credentials itself.")
@_usual
def kubernetes(
    cluster: str, config: str, context: str, server: str, token_file: str, authority: str, namespaces: tuple[str, ...], *,
    complete: bool, allow_exec: bool, with_kubectl: bool, partial: bool, **more: Any,
) -> None:  # fmt: skip
    """Read what runs in a cluster, by its API: pods, workloads, services, ways in. Only GET, and no Secrets."""
    if partial and complete:
        raise click.UsageError("--partial and --complete exclude each other.")
    if bool(server) != bool(token_file):
        raise click.UsageError("--server and --token-file are given together.")
    if server and (config or context or with_kubectl):
        raise click.UsageError("--server excludes --kubeconfig, --context and --with-kubectl.")
    if authority and not server:
        raise click.UsageError("--ca goes with --server; a kubeconfig names its authority itself.")
    said = _said(cluster=cluster, partial=partial, complete=complete, environment=more["environment"])
    if not said.cluster:
        raise click.UsageError("--cluster is empty.")

    def look() -> Look:
        if with_kubectl:
            from seamark.intake.connectors.clusters.kubectl import look_with_kubectl

            return look_with_kubectl(said, namespaces, kubeconfig=config, context=context, progress=_progress)
        from seamark.intake.connectors.clusters import access, kubeconfig
        from seamark.intake.connectors.clusters.api import Api
        from seamark.intake.connectors.clusters.kubernetes import look_at_cluster

        # Credentials are looked up for each sync: they are replaced while a loop runs.
        if server:
            way = access.of_options(server, token_file, authority)
        else:
            inside = None if config or context else access.in_cluster()
            way = inside or kubeconfig.of_kubeconfig(
                Path(config) if config else kubeconfig.usual(), context, allow_exec=allow_exec
            )
        with Api(way) as api:
            return look_at_cluster(api, said, namespaces, progress=_progress)

    name = " ".join([f"kubernetes {said.cluster}", *sorted(namespaces)])
    _run(name, "kubernetes", look, **more)


@sync.command("aws")
@click.option(
    "--region", "regions", multiple=True, required=True, metavar="NAME", help="Such as eu-west-1; may be repeated."
)
@click.option("--profile", default="", metavar="NAME", help="A profile of the AWS command line.")
@_usual
def aws(regions: tuple[str, ...], profile: str, *, partial: bool, **more: Any) -> None:
    """Read what runs in an AWS account, through the aws command line and its credentials: only list, describe and get."""
    from seamark.intake.connectors.clusters.aws import look_at_aws

    said = _said(partial=partial, environment=more["environment"])
    name = " ".join(["aws", *([profile] if profile else []), *sorted(set(regions))])
    _run(
        name,
        "aws",
        lambda: look_at_aws(said, list(dict.fromkeys(regions)), _option(profile), progress=_progress),
        **more,
    )


@sync.command("google")
@click.option("--project", default="", metavar="ID", help="Default: the project that gcloud is set to.")
@_usual
def google(project: str, *, partial: bool, **more: Any) -> None:
    """Read what runs in a project of Google Cloud, through gcloud and its credentials: only list."""
    from seamark.intake.connectors.clusters.google import look_at_google

    said = _said(partial=partial, environment=more["environment"])
    _run(
        " ".join(["google", *([project] if project else [])]),
        "google",
        lambda: look_at_google(said, project, progress=_progress),
        **more,
    )


@sync.command("azure")
@click.option("--subscription", default="", metavar="ID", help="Default: the subscription that az is set to.")
@_usual
def azure(subscription: str, *, partial: bool, **more: Any) -> None:
    """Read what runs in a subscription of Azure, through az and its credentials: only list and show."""
    from seamark.intake.connectors.clusters.azure import look_at_azure

    said = _said(partial=partial, environment=more["environment"])
    name = " ".join(["azure", *([subscription] if subscription else [])])
    _run(name, "azure", lambda: look_at_azure(said, subscription, progress=_progress), **more)


def _said(*, cluster: str = "", partial: bool, complete: bool = False, environment: str) -> Said:
    for name, value in (("--cluster", cluster), ("--environment", environment)):
        if len(value) > 200 or not value.isprintable():
            raise click.UsageError(f"{name} has at most 200 printable characters.")
    return Said(cluster=cluster.strip(), environment=environment.strip(), partial=partial, complete=complete)


def _option(word: str) -> str:
    if word.startswith("-") or not word.isprintable():
        raise click.UsageError(f"{word!r} is no name.")
    return word


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"… {what}", err=True)


def _run(
    name: str, kind: str, look: Callable[[], Look], *, application: str, environment: str, every: int | None, dry_run: bool, as_lines: bool
) -> None:  # fmt: skip
    del environment  # stands in what is said of all dumps
    if dry_run:
        if every:
            raise click.UsageError("--dry-run excludes --every.")
        _dry(look)
        return
    boot()
    from seamark.pipeline.runtime import sync as live

    ending = _Ending()
    source = live.Source(name=name, kind=kind, look=ending.free(look), application=application.strip(), every=every)
    if every:
        _again_and_again(source, ending, as_lines=as_lines)
        return
    try:
        taken = live.sync(source)
    except (RemoteFailure, UnreadableReport) as error:
        output.complain(f"{name}: {error}")
        raise click.exceptions.Exit(1) from None
    drifted.tell(taken, as_lines=as_lines)


def _dry(look: Callable[[], Look]) -> None:
    try:
        came = look()
    except (RemoteFailure, UnreadableReport) as error:
        output.complain(str(error))
        raise click.exceptions.Exit(1) from None
    drifted.lines(came.dumps)


class _Ended(BaseException):
    """SIGTERM or Ctrl-C came while nothing was being written."""


class _Ending:
    """Ends a loop between two writes: looking and waiting stop at once, what is being kept is kept."""

    def __init__(self) -> None:
        self.asked = False
        self._free = False

    def free(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """Return work that may be broken off anywhere."""

        def interruptible() -> Any:
            self._free = True
            try:
                if self.asked:
                    raise _Ended
                return work()
            finally:
                self._free = False

        return interruptible

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.asked = True
        if self._free:
            self._free = False  # a second signal breaks off nothing that cleans up after the first
            raise _Ended

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear signals inside the block, and end it quietly."""
        previous = {number: signal.signal(number, self._signalled) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        except _Ended:
            pass
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _again_and_again(source: live.Source, ending: _Ending, *, as_lines: bool) -> None:
    from django.db import close_old_connections

    from seamark.pipeline.runtime import sync as live

    click.echo(f"Syncing {source.name} every {source.every:,} s (SIGTERM or Ctrl-C ends it)", err=True)
    with ending.heard():
        for came in live.repeat(
            source, ended=lambda: ending.asked, wait=lambda seconds: ending.free(lambda: time.sleep(seconds))(), done=close_old_connections
        ):  # fmt: skip
            if isinstance(came, SeamarkError):
                output.complain(f"{source.name}: {came}")
            else:
                drifted.tell(came, as_lines=as_lines)


@click.command("status")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def status(*, as_lines: bool) -> None:
    """Say how the live sources stand: when each last told all, what it does not tell, when it failed last and why."""
    boot()
    from django.utils import timezone

    from seamark.pipeline.runtime.sync import standing

    found = standing(timezone.now())
    if as_lines:
        for one in found:
            output.json_line(one)
        return
    if not found:
        click.echo("No cluster or cloud was synced; `seamark runtime sync --help` says how.")
    for one in found:
        output.say(f"{one['source']}: {_words(one)}")
        for problem in one["problems"]:
            output.say(f"  not told: {problem}")


def _words(one: dict[str, Any]) -> str:
    words = [f"all told {_moment(one['good_at'])}" if one["good_at"] else "never told all"]
    if one["partial_at"]:
        words.append(f"a part {_moment(one['partial_at'])}")
    if one["old"]:
        words.append("OLD")
    if one["failed_at"]:
        now = f"FAILING ({output.count(one['failures'], 'time')})" if one["failures"] else "last failure"
        words.append(f"{now} {_moment(one['failed_at'])}: {one['failure']}")
    return ", ".join(words)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
