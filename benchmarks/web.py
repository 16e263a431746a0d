"""Measures the web pages on PostgreSQL beside their limits: `make bench-web`, or `python -m benchmarks.web --size 100k`.

The first list of a million issues is to be there within 300 ms, and 95 of 100 filters within 150 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import databases
from benchmarks.__main__ import SIZES
from benchmarks.child import run_fresh
from benchmarks.measurements import lists, web

FIRST_BYTE = 300.0
FILTER = 150.0


def main() -> int:
    """Return the exit code: 0 also where a target is missed, since the machine may be to blame."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    words.add_argument("--size", choices=SIZES, default="1m", help="issues (default 1m)")
    words.add_argument(
        "--repeats", type=int, default=7, metavar="N", help="how often each page is asked for (default 7)"
    )
    words.add_argument(
        "--shared-buffers", metavar="SIZE", help="of the server, such as 1GB (default: PostgreSQL's own)"
    )
    given = words.parse_args()
    settings = [f"shared_buffers={given.shared_buffers}"] if given.shared_buffers else []
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(databases.postgresql(*settings))
        if postgres is None:
            sys.stderr.write("There is no PostgreSQL on this machine\n")
            return 1
        url = stack.enter_context(postgres.fresh())
        run_fresh(lists.fill, database=url, count=SIZES[given.size])
        pages = run_fresh(web.ask, database=url, repeats=given.repeats)
        filters = run_fresh(lists.ask_pages, database=url, repeats=given.repeats)["times"]
    _print(given.size, pages["times"], pages["statements"], filters)
    return 0


def _print(
    size: str, times: dict[str, list[float]], statements: dict[str, int], filters: dict[str, list[float]]
) -> None:
    table = Table("page", "median ms", "slowest ms", "statements", title=f"Pages over {size} issues, PostgreSQL")
    for label, taken in times.items():
        table.add_row(label, f"{statistics.median(taken):,.0f}", f"{max(taken):,.0f}", str(statements[label]))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    every = [one for taken in filters.values() for one in taken]
    slow = sorted(filters, key=lambda label: -statistics.median(filters[label]))[:8]
    console.print("slowest filters: " + "; ".join(f"{one} {statistics.median(filters[one]):,.0f} ms" for one in slow))
    first = statistics.median(times["list, everything"])
    console.print(
        f"first list {first:,.0f} ms (limit {FIRST_BYTE:,.0f}); {len(filters)} filters: p95 {lists.percentile(every, 0.95):,.0f} ms (limit {FILTER:,.0f})"
    )


if __name__ == "__main__":
    sys.exit(main())
