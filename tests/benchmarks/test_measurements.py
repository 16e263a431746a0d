"""Every measurement runs on a small report and measures what it says."""

from __future__ import annotations

import gc
from pathlib import Path

import msgspec
import pytest
from benchmarks.generate import MAKERS
from benchmarks.measurements import again, imports, lists, memory, parse, rescore, storage
from benchmarks.watch import Watch

COUNT = 200


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reports")
    for format, make in MAKERS.items():
        make(folder / format, COUNT)
    MAKERS["sarif"](folder / "changed", COUNT, changed=0.05)
    return {path.name: str(path) for path in folder.iterdir()}


@pytest.mark.parametrize("format", MAKERS)
def test_reading_and_its_limit_see_the_same_findings(made: dict[str, str], format: str) -> None:
    ours = parse.ours(made[format])
    assert ours["findings"] == COUNT
    assert ours["seconds"] > 0
    for bare in (True, False):
        limit = parse.decode(made[format], format, bare=bare)
        assert limit["findings"] == COUNT
        assert limit["seconds"] > 0


@pytest.mark.parametrize("format", MAKERS)
def test_ordinary_structs_read_the_same_and_are_tracked(made: dict[str, str], format: str) -> None:
    data = Path(made[format]).read_bytes()
    shape = parse.ordinary(parse.SHAPES[format])
    plain, own = msgspec.json.decode(data, type=shape), msgspec.json.decode(data, type=parse.SHAPES[format])
    assert msgspec.to_builtins(plain) == msgspec.to_builtins(own)
    assert gc.is_tracked(plain)
    if format == "sarif":
        assert gc.is_tracked(plain.runs[0].results[0].locations[0])
        assert not gc.is_tracked(own.runs[0].results[0].locations[0])


@pytest.mark.parametrize("format", imports.FORMATS)
@pytest.mark.django_db
def test_a_first_import_and_its_weight(made: dict[str, str], format: str) -> None:
    empty = storage.weigh()["bytes"]
    sample = imports.bring_in(made[format])
    assert (sample["findings"], sample["new"]) == (COUNT, COUNT)
    assert COUNT * 0.97 <= sample["issues"] <= COUNT, "hardly two findings are one issue"
    assert sample["seconds"] > 0
    assert storage.weigh()["bytes"] > empty + COUNT * 200, "a finding takes a few hundred bytes at least"


@pytest.mark.django_db
def test_importing_again_writes_in_proportion_to_the_changes(made: dict[str, str]) -> None:
    first = again.bring_in_again(made["sarif"])
    changed = again.bring_in_again(made["changed"])
    same = again.bring_in_again(made["changed"])
    assert first["rows"] >= 2 * COUNT, "a finding and an issue each"
    assert (changed["new"], changed["unchanged"]) == (0, COUNT)
    assert 10 <= changed["rows"] < COUNT / 2, "ten findings changed"
    assert same["repeated"]
    assert same["rows"] < 5


def test_an_import_that_did_something_else_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"new"):
        imports.expect({"findings": 5, "new": 4}, findings=5, new=5)


@pytest.mark.django_db
def test_memory_is_told_beside_the_import(made: dict[str, str]) -> None:
    sample = memory.bring_in_watched(made["sarif"])
    assert sample["findings"] == COUNT
    if Path("/proc/self/status").exists():
        assert sample["VmHWM"] >= sample["RssAnon"] > 10, "megabytes"


@pytest.mark.django_db
def test_the_company_is_listed_and_scored() -> None:
    from seamark.store.models import Issue
    from seamark.store.query import parse as parsed
    from seamark.store.query import select

    lists.fill(COUNT)
    assert Issue.objects.count() == COUNT
    assert Issue.objects.values("application").distinct().count() > 20
    labels = [question.label for question in lists.QUESTIONS]
    assert len(set(labels)) == len(labels), "every question counts once"
    for question in lists.QUESTIONS:
        select(Issue.objects.all(), parsed(question.query))
    few = [labels[0], labels[1], labels[2], "severity:critical"]
    for ask in (lists.ask_statements, lists.ask_pages):
        times = ask(2, few)["times"]
        assert set(times) == set(few)
        assert all(len(taken) == 2 and min(taken) > 0 for taken in times.values())
    scored = rescore.rescore("2026-11-02", 0.4)
    open_ones = Issue.objects.filter(state__lte=3, vulnerability__isnull=False)
    assert scored["findings"] == open_ones.count() > 50
    assert '"epss_date": "2026-11-02"' in str(open_ones.values_list("facts", flat=True)[0]).replace("'", '"')


@pytest.mark.django_db
def test_the_company_is_the_same_by_seed_and_another_by_another() -> None:
    from django.db import transaction

    from benchmarks import company
    from seamark.store.models import Issue

    def told(seed: int) -> list[tuple[object, ...]]:
        with transaction.atomic():
            company.fill(30, seed=seed)
            rows = Issue.objects.order_by("id").values_list(
                "title", "place", "severity", "risk", "state", "open", "rule"
            )
            found = list(rows)
            transaction.set_rollback(True)
        return found

    first = told(1)
    assert len(set(first)) > 25
    assert told(1) == first
    assert told(2) != first


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(1, 101)]
    assert lists.percentile(values, 0.95) == 95
    assert lists.percentile(values, 0.5) == 50
    assert lists.percentile([7.0], 0.95) == 7


def test_the_watch_counts_time_and_processor() -> None:
    with Watch() as watch:
        sum(number * number for number in range(400_000))
    assert watch.seconds > 0
    assert 0 < watch.cpu <= watch.seconds * 1.5 + 0.05
    assert watch.sample(findings=3) == {"seconds": watch.seconds, "cpu": watch.cpu, "findings": 3}
