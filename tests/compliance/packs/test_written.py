"""The writers by themselves: hostile words, other scripts, odd ids; periods; paths."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date

import openpyxl
import pytest
from trestle.oscal import assessment_results, component, poam

from seamark.governance.compliance.outcome import Outcome
from seamark.insight.exports.pack import oscal, printed, workbook
from seamark.insight.exports.pack.archive import File, manifest, zipped
from seamark.insight.exports.pack.period import InvalidPeriod, begins, ends, quarter_of, quarters, read_period
from seamark.insight.exports.pack.shapes import CheckResult, Control, Evidence, Framework, Gap, Pack, Scope

HOSTILE = '=HYPERLINK("http://x") #set page(fill: red) *b* $x$ <a> \x00\x07 \\ "'


def pack_of(text: str = HOSTILE) -> Pack:
    return Pack(
        framework=Framework(slug="own", title=text, version="1", source=text),
        scope=Scope("application", text, ("one",)),
        period=read_period("2026-Q3"),
        as_of="2026-09-30T23:59:59.999999Z",
        made_with="Seamark 1",
        controls=(
            Control(id="§ 6.1 (a)", title=text, family=text, outcome=Outcome.FAIL, checks=("c",), evidence=("E-1",)),
            Control(id="A", title=text, family=text, outcome=Outcome.NOT_COVERED, reason=text),
            Control(id="B", title=text, family=text, outcome=Outcome.NOT_APPLICABLE, checks=("c",)),
        ),
        checks=(CheckResult(id="c", question=text, outcome=Outcome.FAIL, result=text, no=1),),
        evidence=(Evidence(id="E-1", title=text, kind="file", taken_at="2026-08-01T00:00:00Z", file="", sha256="ab" * 32, link=text),),
        gaps=(
            Gap(number="G-1", title=text, controls=("§ 6.1 (a)",), check="c", due="2026-09-01", overdue=True, note=text),
            Gap(number="G-2", title=text, controls=("A",), state="closed", closed_at="2026-08-02T00:00:00Z"),
        ),
        notes=(text,),
    )  # fmt: skip


def test_words_are_only_words() -> None:
    one = pack_of()
    assert printed.report(one).startswith(b"%PDF-")
    book = openpyxl.load_workbook(io.BytesIO(workbook.as_xlsx(one)))
    assert book["Controls"]["C2"].data_type == "s"
    assert str(book["Controls"]["C2"].value).startswith("=HYPERLINK")
    results = assessment_results.Model.model_validate_json(oscal.assessment_results(one)).assessment_results.results[0]
    assert results.findings is not None
    assert [finding.target.target_id for finding in results.findings] == ["c-6.1-a"]
    assert results.remarks is not None
    component.Model.model_validate_json(oscal.component_definition(one))
    plan = oscal.plan_of_action(one) or b""
    poam.Model.model_validate_json(plan)
    risks = json.loads(plan)["plan-of-action-and-milestones"]["risks"]
    assert [risk["status"] for risk in risks] == ["open", "closed"]


def test_a_workbook_is_printed_with_all_columns_side_by_side_and_rows_as_high_as_their_texts() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook.as_xlsx(pack_of("word " * 40))))
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.print_title_rows) == (
            "landscape",
            0,
            "$1:$1",
        )
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
    # 200 letters in columns of 44, words whole: eight words a line.
    assert book["Controls"].row_dimensions[2].height == 5 * 15


def test_other_scripts_are_printed_with_the_fonts_of_the_machine() -> None:
    assert printed.report(pack_of("支払い שלום")).startswith(b"%PDF-")


def test_a_plan_without_items_is_none_and_a_framework_without_controls_is_assessed_as_a_whole() -> None:
    bare = Pack(
        framework=Framework(slug="own", title="Own"), scope=Scope("whole", "everything"), period=read_period("2026"),
        as_of="2026-09-30T00:00:00Z", made_with="Seamark 1",
    )  # fmt: skip
    assert oscal.plan_of_action(bare) is None
    assessment_results.Model.model_validate_json(oscal.assessment_results(bare))
    component.Model.model_validate_json(oscal.component_definition(bare))
    assert printed.report(bare).startswith(b"%PDF-")


def test_ids_stay_from_period_to_period() -> None:
    def items(period: str) -> list[str]:
        told = json.loads(oscal.plan_of_action(Pack(**{**fields, "period": read_period(period)})) or b"")
        return [one["uuid"] for one in told["plan-of-action-and-milestones"]["poam-items"]]

    one = pack_of("text")
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    assert items("2026-Q3") == items("2026-Q4")


def test_a_path_that_leads_elsewhere_is_no_file_of_a_pack() -> None:
    for path in ("../x", "/x", "a//b", "a/../b", "", "manifest.json", "a\\b"):
        with pytest.raises(ValueError, match="cannot be a file"):
            manifest([File(path, b"")], {})
    with pytest.raises(ValueError, match="cannot be a file"):
        manifest([File("a", b""), File("a", b"")], {})


def test_a_zip_has_no_traces_of_its_making() -> None:
    content = zipped([File("b", b"2"), File("a", b"1")])
    assert content == zipped([File("a", b"1"), File("b", b"2")])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert [(one.filename, one.date_time[0]) for one in archive.infolist()] == [("a", 1980), ("b", 1980)]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-q1", "2026-01-01", "2026-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-07-01..2026-09-15", "2026-07-01", "2026-09-15"),
    ],
)
def test_periods_are_read(text: str, first: str, last: str) -> None:
    found = read_period(text)
    assert (found.first, found.last) == (first, last)
    assert (begins(found).isoformat(), ends(found).date().isoformat()) == (f"{first}T00:00:00+00:00", last)


@pytest.mark.parametrize(
    "text", ["", "2026-Q5", "0000", "2026-13", "2026-02-30..2026-03-01", "2026-03-02..2026-03-01", "٢٠٢٦"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(InvalidPeriod):
        read_period(text)


def test_quarters_go_back_from_a_day() -> None:
    assert quarter_of(date(2026, 12, 31)) == "2026-Q4"
    assert quarters(date(2026, 5, 31), 3) == ["2026-Q2", "2026-Q1", "2025-Q4"]
