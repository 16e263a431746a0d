"""actionlint: mistakes in GitHub Actions workflows."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import CodeLocation, Finding, Item, Kind, Run, Severity, first_line, json_rows, parser


class Error(Struct):
    message: str
    filepath: str
    line: int
    kind: str
    column: int | None = None
    end_column: int | None = None
    snippet: str = ""


@parser(
    "actionlint",
    title="actionlint",
    kind=Kind.MISCONFIGURATION,
    looks=json_rows("message", "filepath", "line", "column", "kind"),
    made_with="actionlint -format '{{json .}}'",
    url="https://github.com/rhysd/actionlint/blob/main/docs/usage.md#format",
    versions="1.6 to 1.7",
)
def read(errors: list[Error]) -> Iterator[Item]:
    yield Run(tool="actionlint")
    for error in errors:
        yield Finding(
            rule=error.kind,
            title=first_line(error.message) or error.kind,
            # actionlint grades nothing.
            severity=Severity.MEDIUM,
            location=CodeLocation(
                path=error.filepath,
                line=error.line or None,
                column=error.column or None,
                end_column=error.end_column or None,
                # The second line of the snippet only points at the place with `^~~~`.
                snippet=error.snippet.partition("\n")[0],
            ),
            description="" if first_line(error.message) == error.message else error.message,
        )
