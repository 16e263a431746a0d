"""A pack as a workbook: a sheet for each question that an auditor sorts and filters by. The same pack, the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from textwrap import wrap
from typing import Any, Final

from xlsxwriter import Workbook

from seamark.insight.exports.pack.shapes import Pack, counts, rests_on, word
from seamark.insight.exports.table import TEXTS_AS_TEXTS, print_across, write_cell

_WIDEST: Final = 44
"""Characters of a column."""
_LINE: Final = 15
"""Points of a line."""
_Cells = Sequence[object]


def as_xlsx(pack: Pack) -> bytes:
    """Return the workbook: summary, controls, checks, evidence, and the plan of action. Texts are texts, whatever they begin with."""
    target = io.BytesIO()
    book = Workbook(target, {"in_memory": True, **TEXTS_AS_TEXTS})
    # Without these the moment of writing would stand in it.
    book.set_properties({"title": f"{pack.framework.title}: {pack.scope.name}", "author": pack.made_with, "created": datetime.fromisoformat(pack.as_of).replace(tzinfo=None)})  # fmt: skip
    _sheet(book, "Summary", ("What", "Value"), _summary(pack))
    _sheet(
        book,
        "Controls",
        ("Control", "Family", "Title", "Outcome", "Rests on", "Checks", "Evidence", "By hand", "Why not covered", "Also asked for by"),
        (
            (one.id, one.family, one.title, word(one.outcome), rests_on(one), _joined(one.checks), _joined(one.evidence), one.need, one.reason, _joined(one.also))
            for one in pack.controls
        ),
    )  # fmt: skip
    _sheet(
        book,
        "Checks",
        ("Check", "Question", "Outcome", "Yes", "No", "Not known", "Result", "Facts", "As computed", "Version", "Since"),
        (
            (one.id, one.question, word(one.outcome), one.yes, one.no, one.unknown, one.result, _joined(one.facts), one.asked, one.digest, one.since)
            for one in pack.checks
        ),
    )  # fmt: skip
    _sheet(
        book,
        "Evidence",
        ("Evidence", "Title", "Kind", "Taken at", "File", "SHA-256", "Sources", "Owner", "Renew by", "Link", "Ledger entry"),
        (
            (one.id, one.title, one.kind, one.taken_at, one.file, one.sha256, _joined(one.sources), one.owner, one.renew_by, one.link, one.entry)
            for one in pack.evidence
        ),
    )  # fmt: skip
    _sheet(
        book,
        "POA&M",
        ("Number", "Weakness", "Controls", "Check", "State", "Opened", "Due", "Overdue", "Closed", "Owner", "Note"),
        (
            (one.number, one.title, _joined(one.controls), one.check, one.state, one.opened_at, one.due, "yes" if one.overdue else "no", one.closed_at, one.owner, one.note)
            for one in pack.gaps
        ),
    )  # fmt: skip
    book.close()
    return target.getvalue()


def _summary(pack: Pack) -> Iterable[_Cells]:
    yield from (
        ("Framework", f"{pack.framework.title} {pack.framework.version}".strip()),
        ("Scope", f"{pack.scope.kind} {pack.scope.name}" if pack.scope.kind != "whole" else pack.scope.name),
        ("Applications", len(pack.scope.applications)),
        ("Period", f"{pack.period.label} ({pack.period.first} to {pack.period.last})"),
        ("As of", pack.as_of),
        ("Made with", pack.made_with),
        ("Controls", len(pack.controls)),
    )
    yield from ((f"Controls: {word(outcome)}", count) for outcome, count in counts(pack).items())
    yield ("Open items of the plan", sum(one.state == "open" for one in pack.gaps))
    yield ("Overdue items of the plan", sum(one.overdue for one in pack.gaps))
    yield from (("Note", note) for note in pack.notes)


def _joined(values: Iterable[str]) -> str:
    return ", ".join(values)


def _sheet(book: Any, name: str, columns: Sequence[str], rows: Iterable[_Cells]) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    widths = [len(one) for one in columns]
    sheet.freeze_panes(1, 0)
    print_across(sheet)
    sheet.write_row(0, 0, columns, head)
    number = 0
    for number, row in enumerate(rows, 1):
        lines = 1
        for column, value in enumerate(row):
            text = write_cell(sheet, number, column, value, plain)
            widths[column] = max(widths[column], min(len(text), _WIDEST))
            lines = max(lines, len(wrap(text, _WIDEST)))
        if lines > 1:
            # Not every program that opens it works the height out itself.
            sheet.set_row(number, lines * _LINE)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 2)
    if number:
        sheet.autofilter(0, 0, number, len(columns) - 1)
