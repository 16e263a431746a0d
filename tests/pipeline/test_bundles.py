"""Bundles are kept in step by the worker, one at a time, when they are due; what changes is entered in the ledger."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from seamark.governance.ledger.attested import Expected
from seamark.governance.ledger.entry import read_entry
from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import declare, in_force
from seamark.pipeline import bundles
from seamark.store.models import Bundle, LedgerEntry, Policy
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from tests.factories import make_person
from tests.policy.written import text

pytestmark = pytest.mark.django_db


def entries() -> list[dict[str, Any]]:
    return [msgspec.json.decode(one.content) for one in LedgerEntry.objects.filter(kind="policy").order_by("pk")]


def test_the_starter_bundle_holds_where_nobody_said_otherwise() -> None:
    assert bundles.work_once()
    assert Bundle.objects.get().kind == BundleKind.STARTER
    assert len(in_force().policies) > 20
    assert not bundles.work_once()


def test_what_is_due_is_looked_at_one_after_the_other(tmp_path: Path, settings: Any) -> None:
    settings.SEAMARK_POLICY_SYNC = 10
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.yaml").write_text(text(name=name))
        declare(name, BundleKind.FOLDER, str(tmp_path / name))
    declare("off", BundleKind.FOLDER, str(tmp_path / "a"))
    Bundle.objects.filter(name="off").update(active=False)
    declare("server", BundleKind.SERVER)
    now = timezone.now()
    assert [bundles.work_once(now) for _ in range(3)] == [True, True, False]
    assert [one.name for one in in_force().policies] == ["a", "b"]
    (tmp_path / "a" / "one.yaml").write_text(text("issue.kev", name="a"))
    assert not bundles.work_once(now + timedelta(minutes=9))
    assert bundles.work_once(now + timedelta(minutes=10))
    found = in_force().named("a")
    assert found is not None
    assert found.spec.match == "issue.kev"
    settings.SEAMARK_POLICY_SYNC = 0
    assert not bundles.work_once(now + timedelta(days=1))


def test_changes_are_entered_in_the_ledger_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(text(name="a"))
    row = declare("ours", BundleKind.FOLDER, str(tmp_path))
    bundles.refresh(row)
    bundles.refresh(row)
    (first,) = entries()
    assert (first["actor"], first["subject"]) == ("system:policy-sync", "ours a")
    assert (first["body"]["added"], first["body"]["changed"], first["body"]["removed"]) == (["a"], [], [])
    (tmp_path / "one.yaml").write_text(text("issue.kev", name="a"))
    bundles.refresh(row)
    root = make_person("root", Role.ADMIN)
    save(text("issue.kev", name="mine"), actor=root, comment="why", now=timezone.now())
    (_, second, third) = entries()
    assert second["body"]["changed"] == ["a"]
    assert (third["actor"], third["subject"], third["body"]["comment"]) == ("root", "server mine", "why")
    (tmp_path / "one.yaml").write_text("wrong: [")
    assert bundles.refresh(row).mistakes
    assert len(entries()) == 3


@pytest.mark.parametrize("change", [{"content": "{}"}, {"active": False}, {"digest": "0" * 64}, {"name": "other"}])
def test_a_row_that_was_changed_past_the_ledger_is_found(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "one.yaml").write_text(text(name="a"))
    bundles.refresh(declare("ours", BundleKind.FOLDER, str(tmp_path)))

    def faults() -> list[str]:
        expected = Expected()
        for one in LedgerEntry.objects.order_by("number"):
            expected.learn(read_entry(one.content))
        return [one.words for one in expected.compare()]

    assert faults() == []
    Policy.objects.update(**change)
    (told,) = faults()
    assert f"{next(iter(change))} of store_policy" in told
