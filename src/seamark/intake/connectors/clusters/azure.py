"""Azure through its command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.look import Look, partly
from seamark.intake.connectors.clusters.programs import Program, document, word
from seamark.intake.discovery.infrastructure.values import mapping, plain
from seamark.intake.dumps.azure import is_azure
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.read import read_dumps

RIGHTS: Final = ("Reader",)
"""Roles that the credentials need, on the subscription."""
_COMMANDS: Final = (
    ("containerapps", ("containerapp", "list")), ("aks", ("aks", "list")), ("webapps", ("webapp", "list")), ("functions", ("functionapp", "list")),
    ("containers", ("container", "list")),
)  # fmt: skip
"""What is asked, by the service that the source is named after."""
_SUBSCRIPTION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{0,99}")
_QUIET: Final = {"AZURE_CORE_NO_COLOR": "true", "AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no", "AZURE_CORE_DISABLE_CONFIRM_PROMPT": "true"}  # fmt: skip


def look_at_azure(said: Said, subscription: str = "", *, progress: Callable[[str], None] = lambda _: None) -> Look:
    """Read what runs in a subscription, the one that az is set to where none is named. Raises `RemoteFailure`, `UnreadableReport`."""
    if subscription and not _SUBSCRIPTION.fullmatch(subscription):
        raise RemoteFailure(f"{subscription[:100]!r} is no subscription", permanent=True)
    options = ["--output", "json", "--only-show-errors", *(["--subscription", subscription] if subscription else [])]
    program = Program("az", options, _QUIET, progress=progress)
    number = plain(mapping(program.must("account", "show")).get("id"))
    if not number:
        raise RemoteFailure("az account show names no subscription", permanent=True)
    files: list[tuple[str, bytes]] = []
    answered: set[str] = set()
    some: set[str] = set()

    def keep(service: str, what: str, rows: list[Any] | None) -> None:
        if rows is None:
            return
        answered.add(service)
        if is_azure(rows):
            files.append(document(what, rows))
            some.add(service)
        elif rows:
            program.fault(service, what, "it answers something that is not known")

    for service, words in _COMMANDS:
        keep(service, " ".join(words), program.table(service, *words))
    servers = program.table("sql", "sql", "server", "list")
    if servers == []:
        answered.add("sql")
    for each in map(mapping, servers or ()):
        name, group = word(each.get("name")), word(each.get("resourceGroup"))
        if name and group:
            keep(
                "sql",
                "sql db list",
                program.table("sql", "sql", "db", "list", "--server", name, "--resource-group", group),
            )
    if not answered:
        raise RemoteFailure(
            next((why for each in program.problems.values() for why in each), "az answers nothing"), permanent=False
        )
    dumps = []
    for dump in read_dumps(files, replace(said, partial=False, complete=True)):
        reasons = program.problems[dump.source.rpartition(" ")[2]]
        dumps.append(partly(dump, [*(["the caller says so"] if said.partial else []), *reasons]))
    failed = frozenset(service for service, problems in program.problems.items() if problems)
    return Look(
        dumps=tuple(dumps), problems=tuple(why for each in program.problems.values() for why in each), failed=failed,
        empty=() if said.partial else tuple(f"azure {number} {service}" for service in sorted(answered - some - failed)),
    )  # fmt: skip
