"""Hydra: logins whose password was guessed, as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Verification,
    json_object,
    moment,
    parser,
)

ABOUT = Rule(id="guessed-password", name="guessed-password", title="A login has a password that can be guessed")


class Login(Struct):
    login: str | None = ""
    password: str | None = ""
    host: str | None = ""
    port: int | None = None
    service: str | None = ""


class Generator(Struct):
    software: str
    version: str | None = ""
    built: str | None = ""
    server: str | None = ""
    service: str | None = ""
    commandline: str | None = ""


class Report(Struct):
    generator: Generator
    results: list[Login]
    success: bool | None = None
    errormessages: list[str] | None = None
    quantityfound: int | None = None


@parser(
    "hydra",
    title="Hydra",
    kind=Kind.HOST,
    looks=json_object("generator.software", "results", "quantityfound"),
    made_with="hydra -L users.txt -P passwords.txt -b json -o hydra.json ssh://192.0.2.1",
    url="https://github.com/vanhauser-thc/thc-hydra",
    versions="8.5 to 9.5",
)
def read(report: Report) -> Iterator[Item]:
    made = report.generator
    yield Run(
        tool="Hydra",
        version=(made.version or "").removeprefix("v"),
        successful=report.success,
        complete=None if report.success else False,
        problems=tuple(report.errormessages or ()),
        started=moment(made.built),
        command=made.commandline or "",
    )
    for row in report.results:
        # Rows without a host are of the one server that the run was for.
        host = row.host or made.server or ""
        service = row.service or made.service or ""
        yield Finding(
            rule=ABOUT.id,
            title=ABOUT.title,
            severity=Severity.HIGH,
            location=HostLocation(host=host, port=row.port, protocol=service) if host else None,
            about=ABOUT,
            description=f"Login: {row.login}" if row.login else "",
            verification=Verification.VERIFIED,
            secret=row.password or "",
        )
