"""A new risk profile: what it would move, and scoring all issues anew with it."""

from __future__ import annotations

import random
import statistics
from typing import Any

from benchmarks.bench import Bench, Figure, cpus, figure
from benchmarks.measurements.lists import fill
from benchmarks.watch import Sample, Watch, server_cpu

VARIETY = 20_000
"""Different facts in an estate: some thousand flaws, each in a handful of settings."""
_COLUMNS = "n bigint, facts {json}, risk smallint, priority smallint"
_FAME = "((store_issue.id * 61799) %% 99991)"
"""0 to 99990 by an issue's number. Squared it spreads issues as unevenly as flaws are: few have thousands of issues, many have one."""


def vary(variety: int = VARIETY) -> Sample:
    """Give the issues of a company as many different facts as a real one has, each with its score."""
    from django.db import connection

    from seamark.analysis.risk.facts import encode
    from seamark.pipeline.profiles import active_profile, weights_of
    from seamark.store.models import Issue

    json = "jsonb" if connection.vendor == "postgresql" else "text"
    profile = active_profile()
    rows = [
        (number, encode(facts), *scored)
        for number, (facts, scored) in enumerate(_scored(_kinds(variety), weights_of(profile)))
    ]
    with Watch() as watch, connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE pool ({_COLUMNS.format(json=json)}, PRIMARY KEY (n))")
        cursor.executemany("INSERT INTO pool VALUES (%s, %s, %s, %s)", rows)
        cursor.execute(
            "UPDATE store_issue SET facts = pool.facts, risk = pool.risk, priority = pool.priority, profile_id = %s FROM pool "  # noqa: S608
            f"WHERE pool.n = ({_FAME} * {_FAME} / 99991 * {len(rows)}) / 99991",
            [profile.pk],
        )
        # As an import leaves it: without the rows of before.
        cursor.execute("VACUUM (FULL, ANALYZE) store_issue" if connection.vendor == "postgresql" else "VACUUM")
    different = Issue.objects.order_by().values("facts").distinct().count()
    return watch.sample(findings=Issue.objects.count(), different=different)


def _kinds(variety: int) -> list[Any]:
    """Return facts as the scanners, feeds and applications of a company make them, by seed."""
    from seamark.analysis.risk import Facts
    from seamark.core.kind import Confidence, Kind, Reach
    from seamark.core.severity import Severity

    chance = random.Random(7)  # noqa: S311 - repeatable, not unpredictable
    found: dict[Facts, None] = {}
    while len(found) < variety:
        packaged = chance.random() < 0.85
        cvss = chance.randrange(31, 99) if packaged else None
        worst = Severity.from_cvss(cvss / 10) if cvss is not None else chance.choice(list(Severity))
        found[
            Facts(
                severity=worst, kind=chance.choice((Kind.DEPENDENCY, Kind.CONTAINER) if packaged else (Kind.CODE, Kind.MISCONFIGURATION, Kind.SECRET)),
                cvss=cvss, epss=round(10 ** chance.uniform(-4.5, -0.1), 5) if packaged else None, epss_date="2026-11-01" if packaged else "",
                kev_added="2025-01-01" if packaged and chance.random() < 0.01 else "", intelligence="EPSS 2026-11-01, KEV 2026-11-02" if packaged else "",
                exploit=chance.choice(("", "none", "poc", "weaponised")) if packaged else "", tools=chance.choice((1, 1, 1, 2)),
                reach=chance.choice((None, None, Reach.STATIC, Reach.UNREACHABLE)) if packaged else None, fixable=packaged and chance.random() < 0.7,
                confidence=None if packaged else chance.choice((None, *Confidence)), criticality=chance.randrange(5),
                exposure=chance.choice(("internet", "internal", "")), data_classes=chance.choice(((), ("PII",))), context="seamark.yaml",
            )
        ] = None  # fmt: skip
    return list(found)


def _scored(facts: list[Any], profile: Any) -> list[Any]:
    from seamark.analysis.risk import score

    tenths = score(facts, profile).tolist()
    return [(one, (number, profile.priority(number))) for one, number in zip(facts, tenths, strict=True)]


def _changed(number: int, **more: float) -> Any:
    """Return the profile that holds as another version, with some weights multiplied, `intercept` raised."""
    from msgspec.structs import replace

    from seamark.pipeline.profiles import active_profile, weights_of

    before = weights_of(active_profile())
    weights = {name: weight * more.get(name, 1.0) for name, weight in before.weights.items()}
    return replace(
        before,
        name="benchmark",
        version=number,
        weights=weights,
        intercept=before.intercept + more.get("intercept", 0.0),
    )


def _server() -> float | None:
    from django.db import connection

    connection.ensure_connection()
    return server_cpu(connection.connection.info.backend_pid) if connection.vendor == "postgresql" else None


def reweigh(number: int, **more: float) -> Sample:
    """Apply a changed profile and score all issues anew."""
    from seamark.pipeline import profiles, rescoring

    row = profiles.draft(None, _changed(number, **more))
    use = profiles.apply(None, row)
    before = _server()
    with Watch() as watch:
        rescoring.carry_out(use)
    after = _server()
    use.refresh_from_db()
    if use.state != "done":
        raise RuntimeError(use.error)
    spent = after - before if after is not None and before is not None else None
    return watch.sample(findings=use.issues, moved=use.moved, server_cpu=spent)


def look(**more: float) -> Sample:
    """Ask what a changed profile would move: at first, and again with another one."""
    from seamark.pipeline.outlook import outlook
    from seamark.store.access import everything

    profile, other = _changed(1000, **more), _changed(1001, **{name: 0.9 * value for name, value in more.items()})
    seen = everything()
    before = _server()
    with Watch() as first:
        told = outlook(seen, profile)
    after = _server()
    with Watch() as again:
        outlook(seen, other)
    spent = after - before if after is not None and before is not None else None
    return first.sample(
        findings=told.preview.issues,
        moved=told.preview.moved,
        again=again.seconds,
        again_cpu=again.cpu,
        server_cpu=spent,
    )


ONE = {"reach": 1.3}
ALL = {"intercept": -0.4}


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of a new profile."""
    found = []
    for databases in bench.databases:
        with databases.fresh() as url:
            bench.sample(fill, database=url, count=bench.size)
            made = bench.sample(vary, database=url)
            looks = [bench.sample(look, database=url, **ONE) for _ in range(bench.runs)]
            note = f"{looks[0]['findings']:,} open issues, {made['different']:,} different facts"
            found += [
                _line("preview.first", bench, databases.name, [one["seconds"] for one in looks], cpus(looks), note),
                _line(
                    "preview.again",
                    bench,
                    databases.name,
                    [one["again"] for one in looks],
                    [one["again_cpu"] for one in looks],
                ),
            ]
            for line, more in (("reweigh.one", ONE), ("reweigh.all", ALL)):
                runs = [
                    bench.sample(reweigh, database=url, number=1 + run + (line == "reweigh.all") * bench.runs, **more)
                    for run in range(bench.runs)
                ]
                moved = statistics.median(run["moved"] for run in runs)
                found.append(
                    _line(line, bench, databases.name, [run["seconds"] for run in runs], cpus(runs), f"{moved:,.0f} of {runs[0]['findings']:,} written")
                )  # fmt: skip
    return found


def _line(line: str, bench: Bench, database: str, values: list[float], cpu: list[float], note: str = "") -> Figure:
    return figure(line, bench.size, values, database=database, cpu=cpu, note=note)
