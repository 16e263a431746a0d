"""The issue list: its statements, and the whole page, over many filters, sorts and deep pages."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.bench import Bench, Figure, figure
from benchmarks.watch import Sample


class Question(NamedTuple):
    """A list that somebody asks for."""

    query: str
    deep: bool = False
    """Not the first page but one in the middle."""
    person: str = "everything"
    """`everything`, or `some`: who sees four of forty applications."""

    @property
    def label(self) -> str:
        """Return it for people."""
        words = [self.query or "(all open)", "deep" if self.deep else "", self.person if self.person == "some" else ""]
        return ", ".join(word for word in words if word)


QUESTIONS = (
    Question(""), Question("", deep=True), Question("", person="some"), Question("", deep=True, person="some"),
    Question("sort:-age"), Question("sort:age"), Question("sort:-age", deep=True), Question("sort:id"), Question("state:any", deep=True),
    Question("priority:P0,P1"), Question("severity:critical"), Question("severity:low", deep=True), Question("severity:critical,high kev:true"),
    Question("kev:true sort:-age"), Question("risk:>=70"), Question("app:order-00"), Question("app:stock-39"), Question("app:order-00 sort:-age"),
    Question("kind:secret"), Question("kind:code -severity:low", person="some"), Question("tool:semgrep"), Question("-tool:trivy"),
    Question("tools:>=2"), Question("cwe:89"), Question("vuln:CVE-2016-10001"), Question("component:libssl7"), Question("rule:CVE-2015-10000"),
    Question("path:src/order/"), Question("path:*basket_7*"), Question("fixable:true -tool:grype"), Question("age:>300d"), Question("age:<7d"),
    Question("age:<1d sort:-age"), Question("state:closed sort:-age"), Question("state:in_progress"), Question("regression:true"), Question("branch:true"),
    Question("owner:team-3"), Question("due:overdue"), Question("assignee:everything"), Question("injection"), Question("overflow libxml3"),
    Question("nowhere-to-be-found"), Question("nowhere-to-be-found state:any", person="some"), Question("severity:critical nowhere-to-be-found"),
)  # fmt: skip
PAGE = 50
DEPTH = 20_000


def fill(count: int) -> Sample:
    """Write a company of `count` issues."""
    from benchmarks import company

    start = time.perf_counter()
    company.fill(count)
    return {"seconds": time.perf_counter() - start}


def ask_statements(repeats: int, questions: list[str] | None = None) -> Sample:
    """Time the statements of every list: its rows, the tools that report them, and how many there are."""
    from seamark.store.access import visible_to
    from seamark.store.models import User
    from seamark.store.query import bounded_count, ordered, page, parse, select

    people = {person.username: person for person in User.objects.all()}

    def ask(question: Question, after: str) -> None:
        seen = visible_to(people[question.person])
        query = parse(question.query)
        column, descending = ordered(query)
        rows = select(seen.issues(), query)
        found = page(
            rows.prefetch_related("application", "asset"), column, descending=descending, size=PAGE, after=after
        )
        numbers = [issue.pk for issue in found.rows]
        list(
            seen.findings().filter(issue__in=numbers, closed_in=None).values_list("issue_id", "stream__tool").distinct()
        )
        bounded_count(rows)

    return _asked(ask, repeats, questions)


def ask_pages(repeats: int, questions: list[str] | None = None) -> Sample:
    """Time every list as the web server answers it, from the request to the last byte, without the network."""
    from django.test import Client

    from seamark.interfaces.cli.server import settle
    from seamark.store.models import User

    settle()
    clients = {}
    for person in User.objects.all():
        clients[person.username] = Client(HTTP_HOST="localhost")
        clients[person.username].force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    def ask(question: Question, after: str) -> None:
        answer = clients[question.person].get("/issues/", {"q": question.query, "after": after})
        if answer.status_code != 200:
            raise RuntimeError(f"The page for {question.label} was answered with {answer.status_code}")

    return _asked(ask, repeats, questions)


def _asked(ask: Callable[[Question, str], None], repeats: int, only: list[str] | None) -> Sample:
    times: dict[str, list[float]] = {}
    for question in QUESTIONS:
        if only is not None and question.label not in only:
            continue
        after = _cursor(question) if question.deep else ""
        ask(question, after)
        taken = times[question.label] = []
        for _ in range(repeats):
            start = time.perf_counter()
            ask(question, after)
            taken.append((time.perf_counter() - start) * 1000)
    return {"times": times}


def _cursor(question: Question) -> str:
    """Return the cursor of a page in the middle of a list, or 20,000 rows down where it is longer than twice that."""
    from seamark.store.access import visible_to
    from seamark.store.models import User
    from seamark.store.query import bounded_count, ordered, page, parse, select

    query = parse(question.query)
    column, descending = ordered(query)
    rows = select(visible_to(User.objects.get(username=question.person)).issues(), query)
    middle = max(1, bounded_count(rows, 2 * DEPTH).number // 2)
    return page(rows.only("pk", column), column, descending=descending, size=middle).after


def percentile(values: list[float], share: float) -> float:
    """Return the least value that at least this share of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of the lists."""
    found = []
    for databases in bench.databases:
        with databases.fresh() as url:
            bench.sample(fill, database=url, count=bench.size)
            for name, ask in (("lists", ask_statements), ("pages", ask_pages)):
                runs = [bench.sample(ask, database=url, repeats=7)["times"] for _ in range(bench.runs)]
                found += _of_runs(bench, name, databases.name, runs)
    return found


def _of_runs(bench: Bench, name: str, database: str, runs: list[dict[str, Any]]) -> list[Figure]:
    pooled = [[one for times in run.values() for one in times] for run in runs]
    slowest = [max((percentile(times, 0.95), label) for label, times in run.items()) for run in runs]
    medians = {label: statistics.median(one for run in runs for one in run[label]) for label in runs[0]}
    order = sorted(medians, key=lambda label: -medians[label])
    bench.details.append(
        f"{name} on {database}: " + " | ".join(f"{label} {medians[label]:,.0f} ms" for label in order[:8])
    )
    return [
        figure(f"{name}.typical", bench.size, [statistics.median(one) for one in pooled], database=database),
        figure(f"{name}.p95", bench.size, [percentile(one, 0.95) for one in pooled], database=database),
        figure(f"{name}.worst", bench.size, [value for value, _ in slowest], database=database, note=max(slowest)[1]),
    ]
