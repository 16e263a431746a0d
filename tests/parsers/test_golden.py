"""What each parser reads out of its samples, in full, and what it leaves unread: `--golden` writes, the review is the diff."""

from __future__ import annotations

import json

from seamark.intake.parsers.kit.read import open_report

from .plain import plain, pretty, prove
from .samples import SAMPLES, Sample, all_samples
from .unread import watched


def test_sample_is_read_as_the_golden_file_says(sample: Sample, write_golden: bool) -> None:
    with watched() as watch:
        report = open_report(sample.path)
        items = list(report.items())
        unread = watch.unread(report)
    assert report.parser.name == sample.format
    prove(items)
    found = {"format": report.parser.name, "items": [plain(item) for item in items]}
    if unread is not None:
        found["unread"] = unread
    if write_golden:
        sample.golden.write_text(pretty(found), encoding="utf-8")
    assert sample.golden.exists(), "no golden file: run `pytest tests/parsers --golden` and look at what it writes"
    assert json.loads(pretty(found)) == json.loads(sample.golden.read_text(encoding="utf-8"))


def test_reading_twice_gives_the_same(sample: Sample) -> None:
    assert list(open_report(sample.path).items()) == list(open_report(sample.path).items())


def test_no_golden_file_without_its_sample() -> None:
    wanted = {sample.golden for sample in all_samples()}
    assert set(SAMPLES.glob("*/*.golden.json")) <= wanted
