"""Packs as they are made: what is in them, and that the same rows give the same bytes."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.utils import timezone
from trestle.oscal import assessment_results, component, poam

from seamark.core.errors import InvalidSetting, NotAllowed
from seamark.governance.ledger.checkpoints import sign_now
from seamark.governance.ledger.note import Signer
from seamark.governance.ledger.record import record
from seamark.insight.exports.pack.archive import File, zipped
from seamark.insight.exports.pack.period import read_period
from seamark.insight.exports.pack.shapes import Period
from seamark.intake.sbom.vex import statements_in
from seamark.pipeline.compliance import pack, pack_offline, pack_verify, passing
from seamark.pipeline.compliance.scope import WHOLE, Scope, scope_of
from seamark.pipeline.demo import load_example
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, BusinessUnit, ComplianceEvidence, ComplianceGap, LedgerEntry
from seamark.store.models.people import Role
from tests.compliance.packs.conftest import PCI
from tests.factories import make_person

EXAMPLE = Path(__file__).parents[3] / "examples" / "harbour"


def member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def loaded(path: Path, name: str) -> Any:
    return json.loads(member(path, name))


def test_a_pack_holds_what_people_and_tools_ask_for(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        names = set(archive.namelist())
    assert names >= {
        "README.txt", "report.pdf", "report.xlsx", "report.json", "oscal/assessment-results.json", "oscal/poam.json",
        "oscal/component-definition.json", "software/payments/sbom.cdx.json", "software/payments/sbom.spdx.json",
        "software/payments/vex.openvex.json", "software/payments/vex.csaf.json", "software/payments/vex.cdx.json",
        "ledger/proofs.json", "manifest.json", "seal.json", "verify.py",
    }  # fmt: skip
    assert member(made, "report.pdf").startswith(b"%PDF-")
    told = loaded(made, "report.json")
    outcomes = {one["id"]: one["outcome"] for one in told["controls"]}
    assert (outcomes["6.1.1"], outcomes["6.2.2"]) == ("pass", "pass"), "evidence by hand counts"
    assert "pass" not in {one["outcome"] for one in told["controls"] if one["id"] == "6.2.3.1"}
    texts = [one for one in told["evidence"] if one["file"].endswith(".txt")]
    assert [member(made, one["file"]) for one in texts] == [b"Write safe code."]
    assert [one["link"] for one in told["evidence"] if one["link"]] == ["https://wiki.example/training"]


def test_the_same_rows_give_the_same_bytes_also_after_the_ledger_has_grown(
    made: Path, payments: Scope, period: Period
) -> None:
    again = pack.make(everything(), PCI, payments, period)
    assert again.content == made.read_bytes()
    record("triage", "SM-1", {"state": "open"})
    sign_now()
    assert pack.make(everything(), PCI, payments, period).content == made.read_bytes()
    assert LedgerEntry.objects.filter(kind="compliance_pack").count() == 1, "one pack has one entry"


def test_another_row_gives_another_pack_with_an_entry_of_its_own(made: Path, payments: Scope, period: Period) -> None:
    number = loaded(made, "report.json")["gaps"][0]["number"].removeprefix("G-")
    ComplianceGap.objects.filter(pk=number).update(note="Somebody looks after it")
    again = pack.make(everything(), PCI, payments, period)
    assert again.content != made.read_bytes()
    assert LedgerEntry.objects.filter(kind="compliance_pack").count() == 2


def test_oscal_is_valid_and_says_what_the_report_says(made: Path) -> None:
    results = assessment_results.Model.model_validate_json(member(made, "oscal/assessment-results.json"))
    component.Model.model_validate_json(member(made, "oscal/component-definition.json"))
    plan = poam.Model.model_validate_json(member(made, "oscal/poam.json"))
    told = loaded(made, "report.json")
    items = plan.plan_of_action_and_milestones.poam_items
    assert [one.title.split()[0] for one in items] == [one["number"] for one in told["gaps"]]
    assessed = [one for one in told["controls"] if one["outcome"] not in {"not_covered", "not_applicable"}]
    found = results.assessment_results.results[0].findings
    assert found is not None
    assert len(found) == len(assessed)
    satisfied = {one.title.split()[0] for one in found if one.target.status.state.value == "satisfied"}
    assert satisfied == {one["id"] for one in told["controls"] if one["outcome"] == "pass"}
    numbers = [one["uuid"] for one in _walk(loaded(made, "oscal/assessment-results.json")) if "uuid" in one]
    assert len(numbers) == len(set(numbers))


def _walk(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(one for part in value.values() for one in _walk(part))]
    return [one for part in value for one in _walk(part)] if isinstance(value, list) else []


def test_the_plan_keeps_its_numbers_and_tells_what_was_closed(
    made: Path, payments: Scope, period: Period, tmp_path: Path
) -> None:
    before = loaded(made, "report.json")["gaps"]
    gone = before[0]
    number = int(gone["number"].removeprefix("G-"))
    ComplianceGap.objects.filter(pk=number).update(closed_at=timezone.now())
    later = tmp_path / "later.zip"
    later.write_bytes(pack.make(everything(), PCI, payments, period).content)
    after = {one["number"]: one for one in loaded(later, "report.json")["gaps"]}
    assert list(after) == [one["number"] for one in before]
    assert (gone["state"], after[gone["number"]]["state"]) == ("open", "closed")


def test_the_workbook_has_a_sheet_for_each_question(made: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(member(made, "report.xlsx")))
    told = loaded(made, "report.json")
    assert book.sheetnames == ["Summary", "Controls", "Checks", "Evidence", "POA&M"]
    for sheet, name in (("Controls", "controls"), ("Checks", "checks"), ("Evidence", "evidence"), ("POA&M", "gaps")):
        assert book[sheet].max_row == len(told[name]) + 1


@pytest.mark.parametrize("name", ["vex.openvex.json", "vex.csaf.json", "vex.cdx.json"])
def test_vex_is_read_back_as_it_was_decided(made: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(member(made, f"software/payments/{name}"))
    said = {one.vulnerability: one.vex.state.value for one in statements_in(path)}
    assert said == {"CVE-2024-35195": "under_investigation", "CVE-2023-0001": "under_investigation"}


def test_a_period_that_is_over_shows_its_end(payments: Scope, signer: Signer, tmp_path: Path) -> None:
    path = tmp_path / "old.zip"
    path.write_bytes(pack.make(everything(), PCI, payments, read_period("2020-Q1")).content)
    told = loaded(path, "report.json")
    assert told["as_of"].startswith("2020-03-31T23:59:59")
    assert {one["outcome"] for one in told["controls"]} <= {"not_known", "not_covered", "not_applicable"}
    assert (told["evidence"], told["gaps"]) == ([], []), "nothing that came later is in it"
    assert any("is kept for 3 years" in one for one in told["notes"])
    path.write_bytes(pack.make(everything(), PCI, payments, read_period(str(timezone.now().year - 1))).content)
    assert any("No check had been asked" in one for one in loaded(path, "report.json")["notes"])


def test_what_lapsed_today_does_not_count(payments: Scope, signer: Signer, period: Period, tmp_path: Path) -> None:
    ComplianceEvidence.objects.filter(kind="file").update(renew_by=timezone.now().date() - timedelta(days=1))
    path = tmp_path / "lapsed.zip"
    path.write_bytes(pack.make(everything(), PCI, payments, period).content)
    assert {one["id"]: one["outcome"] for one in loaded(path, "report.json")["controls"]}["6.1.1"] == "fail"


def test_the_form_for_federal_software_is_filled(
    payments: Scope, signer: Signer, period: Period, tmp_path: Path
) -> None:
    path = tmp_path / "form.zip"
    path.write_bytes(pack.make(everything(), "cisa-ssdf-attestation", payments, period).content)
    assert member(path, "attestation-form.pdf").startswith(b"%PDF-")
    form = loaded(path, "attestation-form.json")
    parts = [one for statement in form["statements"] for one in statement["parts"]]
    assert [one["id"] for one in parts] == [one["id"] for one in loaded(path, "report.json")["controls"]]
    assert form["attestation"]["products"] == ["Payments"]
    assert (form["ready"], form["signature"]["name"]) == (False, ""), "a person signs, and not yet"


def test_the_whole_has_a_pack_too(payments: Scope, signer: Signer, period: Period, tmp_path: Path) -> None:
    path = tmp_path / "whole.zip"
    path.write_bytes(pack.make(everything(), PCI, WHOLE, period).content)
    told = loaded(path, "report.json")
    assert told["scope"]["kind"] == "whole"
    assert {one["kind"] for one in told["evidence"]} > {"scan-coverage"}, "snapshots are frozen where there are none"


def test_without_a_key_a_pack_is_made_only_unsealed(payments: Scope, period: Period) -> None:
    with pytest.raises(InvalidSetting):
        pack.make(everything(), PCI, payments, period)
    made = pack.make(everything(), PCI, payments, period, sealed=False)
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert not {"seal.json", "ledger/proofs.json"} & set(archive.namelist())
        assert b"NOT sealed" in archive.read("README.txt")
    assert not LedgerEntry.objects.filter(kind="compliance_pack").exists()


def test_a_pack_is_for_those_who_may_read_all_of_its_scope(payments: Scope, signer: Signer, period: Period) -> None:
    auditor = make_person("olga", Role.AUDITOR, application=payments.application)
    made = pack.make(visible_to(auditor), PCI, payments, period, by=auditor)
    assert made.entry is not None
    with pytest.raises(NotAllowed):
        pack.make(visible_to(auditor), PCI, WHOLE, period, by=auditor)


def test_a_period_that_has_not_begun_has_no_pack(payments: Scope, signer: Signer) -> None:
    with pytest.raises(NotAllowed):
        pack.make(everything(), PCI, payments, read_period("2999"))


def test_a_business_unit_has_a_pack_of_its_applications(
    payments: Scope, signer: Signer, period: Period, tmp_path: Path
) -> None:
    unit = BusinessUnit.objects.create(name="Retail")
    Application.objects.filter(slug="payments").update(unit=unit)
    Application.objects.create(name="Elsewhere", slug="elsewhere")
    path = tmp_path / "unit.zip"
    path.write_bytes(pack.make(everything(), PCI, scope_of(everything(), unit="retail"), period).content)
    told = loaded(path, "report.json")
    assert told["scope"] == {"kind": "unit", "name": "Retail", "applications": ["payments"]}
    assert "Policy of secure development" not in str(told["evidence"]), (
        "what counts for one application is not the unit's"
    )


def test_content_that_is_kept_no_more_is_named_with_its_hash(
    payments: Scope, signer: Signer, key: str, period: Period, tmp_path: Path
) -> None:
    ComplianceEvidence.objects.filter(kind="file").update(content=None)
    path = tmp_path / "forgotten.zip"
    path.write_bytes(pack.make(everything(), PCI, payments, period).content)
    told = loaded(path, "report.json")
    (one,) = [one for one in told["evidence"] if one["title"].startswith("Policy")]
    assert (one["file"], len(one["sha256"])) == ("", 64)
    assert any("without their content" in note for note in told["notes"])
    assert pack_offline.offline(path, key).ok, "the ledger has its hash still"


def test_the_example_has_a_pack_that_verifies_until_something_is_changed(
    db: None, signer: Signer, key: str, period: Period, tmp_path: Path, settings: Any
) -> None:
    settings.SEAMARK_HOME = tmp_path
    load_example(EXAMPLE)
    passing.run(timezone.now())
    path = tmp_path / "harbour.zip"
    made = pack.make(everything(), PCI, scope_of(everything(), application="harbour"), period)
    path.write_bytes(made.content)
    for model, name in (
        (assessment_results, "assessment-results"),
        (component, "component-definition"),
        (poam, "poam"),
    ):
        model.Model.model_validate_json(member(path, f"oscal/{name}.json"))
    assert (pack_offline.offline(path, key).faults, pack_verify.beside(everything(), path, key).faults) == ((), ())
    other = tmp_path / "other.zip"
    other.write_bytes(zipped([*files_without(path, "report.pdf"), File("report.pdf", b"%PDF-1.7 all is well")]))
    assert pack_offline.offline(other, key).faults == ("report.pdf was changed",)
    ComplianceGap.objects.filter(check_name="flaws-injection").update(closed_at=timezone.now())
    assert pack_verify.beside(everything(), path, key).ok, "what is closed later was open then"
    ComplianceGap.objects.filter(check_name="flaws-injection").update(opened_at=timezone.now())
    assert not pack_verify.beside(everything(), path, key).ok


def files_without(path: Path, left_out: str) -> list[File]:
    with zipfile.ZipFile(path) as archive:
        return [File(name, archive.read(name)) for name in archive.namelist() if name != left_out]
