"""Asking a server for a verdict, from the command line; and deciding here where it does not answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from seamark.core.errors import RemoteFailure
from seamark.insight.exports.gate.outcome import Outcome
from seamark.intake.discovery.ci import detect
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.importing import importer, placed
from seamark.interfaces.cli.remote import token_of_environment
from seamark.pipeline.target import Target, short_ref

if TYPE_CHECKING:
    from seamark.intake.parsers.kit.registry import Parser


def ask(
    reports: tuple[str, ...], known: str | Parser, given: dict[str, Any], here: Callable[[str], Outcome]
) -> Outcome:
    """Send the reports, unless scans are named, and return the server's verdict.

    Where the server is away or busy, `here` decides with the policies at hand, and is told why: exceptions are not known then, and
    each policy does what its `onError` says. What the server refuses is raised as `RemoteFailure`.
    """
    token = given["token"] or token_of_environment()
    said = {name: given[name] for name in ("repository", "ref", "commit", "pull_request", "image")}
    where = placed(said, detect(os.environ))
    try:
        scans = list(given["scans"]) or _sent(reports, known, given, where, token)
        return _asked(given, where, scans, token)
    except RemoteFailure as error:
        if error.permanent:
            raise
        note = f"the server was not asked: {error}; waivers and triage are not known, and the policies at hand decide"
        if not reports:
            raise RemoteFailure(f"{error}; without reports nothing can be decided here", permanent=False) from None
        return here(note)


def _sent(
    reports: tuple[str, ...], known: str | Parser, given: dict[str, Any], where: dict[str, Any], token: str
) -> list[int]:
    mapping = given["mapping"].read_text("utf-8-sig") if given["mapping"] is not None else ""
    source = given["source"]
    root = str(source.resolve()) if source is not None else detect(os.environ).root or str(Path.cwd())
    target = Target(
        application=given["application"], format=known if isinstance(known, str) else "auto", mapping=mapping, root=root, **where,
    )  # fmt: skip
    scans: list[int] = []
    with importer(target, source, url=given["url"], token=token) as send:
        for path in dict.fromkeys(reports):
            with output.progress(f"Sending {output.named(path)}") as tell, settled(path) as file:
                scans += send(file, tell)["scans"]
    return scans


def _asked(given: dict[str, Any], where: dict[str, Any], scans: list[int], token: str) -> Outcome:
    from seamark.client import Client

    base = given["base"].removeprefix("origin/")
    with Client(given["url"], token, timeout=given["timeout"]) as server:
        # Asking twice makes two verdicts of the same, which does no harm.
        answer = server.ask_to(
            "POST", "/gate",
            {
                "application": given["application"], "stage": given["stage"], "scans": sorted(set(scans)), "branch": short_ref(where["ref"]),
                "base": base, "commit": where["commit"], "pull_request": where["pull_request"],
            },
        )  # fmt: skip
    try:
        return msgspec.convert(answer, Outcome)
    except msgspec.ValidationError as error:
        raise RemoteFailure(
            f"The server's answer is not one that this version reads ({error})", permanent=True
        ) from None
