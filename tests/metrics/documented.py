"""The tables of docs/metrics.md, from the declarations: `python -m tests.metrics.documented` writes them."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def page(text: str) -> str:
    """Return the page with its tables as the declarations say."""
    from seamark.insight.exports.parquet import TABLES
    from seamark.insight.metrics.definitions import DEFINITIONS

    good = {"up": "more", "down": "less", "": "neither"}
    rows = [
        f"| {one.title} | `{one.name}` | {one.words} | {one.formula} | {one.unit} | {good[one.good]} |"
        for one in DEFINITIONS
    ]
    measures = "\n".join(
        ["| measure | name | says | worked out as | unit | good is |", "|---|---|---|---|---|---|", *rows]
    )
    columns = [
        f"| `{table}` | {', '.join(f'`{name}` {sort}' for name, sort in columns.items())} |"
        for table, columns in TABLES.items()
    ]
    schema = "\n".join(["| table | columns |", "|---|---|", *columns])
    return _between(_between(text, "measures", measures), "schema", schema)


def _between(text: str, name: str, table: str) -> str:
    begin, end = f"<!-- {name}: written by `python -m tests.metrics.documented` -->", f"<!-- end of {name} -->"
    head, rest = text.split(begin)
    return f"{head}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seamark.site.settings")
    import django

    django.setup()
    PAGE.write_text(page(PAGE.read_text()))
