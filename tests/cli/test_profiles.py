"""Risk profiles on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from seamark.analysis.risk import default_profile
from seamark.pipeline import outlook, profiles, rescoring
from seamark.pipeline.profile_yaml import dump
from seamark.store.models import Issue, ProfileUse
from tests.factories import make_world

from .conftest import Command, Installation

pytestmark = pytest.mark.django_db
Write = Callable[..., Path]


@pytest.fixture
def world() -> None:
    outlook.forget()
    make_world()


@pytest.fixture
def ours(report: Write) -> Path:
    own = default_profile()
    text = "# Ours.\n" + dump(replace(own, name="ours", version=2, intercept=own.intercept + 0.5))
    return report(text.encode(), "ours.yaml")


def test_from_the_one_that_holds_to_another_and_back(seamark: Command, world: None, ours: Path, report: Write) -> None:
    shown = seamark("risk", "profile", "show").out
    first = report(shown.encode(), "first.yaml")
    listed = seamark("risk", "profiles").out
    assert "default v" in listed
    assert "holds for everything" in listed
    before = dict(Issue.objects.values_list("pk", "risk"))

    seen = json.loads(seamark("risk", "profile", "preview", ours, "--json").out)
    assert Issue.objects.filter(profile__name="ours").count() == 0
    said = seamark("risk", "profile", "apply", ours, "--comment", "since the audit").out
    use = ProfileUse.objects.order_by("-id")[0]
    assert said == f"ours v2 holds for everything; {use.moved} of {use.issues} issues moved\n"
    assert seen["moved"] == Issue.objects.filter(open=True, profile__name="ours").count()
    assert seamark("risk", "profile", "show").out == ours.read_text("utf-8")
    assert seamark("risk", "profile", "show", "default").out == shown

    assert seamark("risk", "profile", "apply", first).code == 0
    assert dict(Issue.objects.values_list("pk", "risk")) == before
    history = seamark("risk", "profile", "history").out
    assert "since the audit" in history
    lines = [json.loads(line) for line in seamark("risk", "profile", "history", "--json").out.splitlines()]
    assert [line["profile"] for line in lines][:2] == [default_profile().title, "ours v2"]
    kept = [json.loads(line) for line in seamark("risk", "profiles", "--json").out.splitlines()]
    assert {(one["name"], one["standing"]) for one in kept} == {
        ("default", "holds for everything"),
        ("ours", "applied before"),
    }


def test_the_preview_names_what_moves_farthest(seamark: Command, world: None, ours: Path) -> None:
    said = seamark("risk", "profile", "preview", ours)
    assert said.code == 0
    assert f"{default_profile().title} → ours v2" in said.out
    assert "with another score" in said.out
    found = json.loads(seamark("risk", "profile", "preview", ours, "--json").out)
    first = found["moves"][0]
    line = next(line for line in said.out.splitlines() if line.startswith(f"{first['reference']} "))
    assert first["title"][:20] in line
    assert f"{first['before']:.1f}" in line
    assert sum(found["before"].values()) == sum(found["after"].values()) == found["issues"]


def test_a_unit_of_its_own(seamark: Command, world: None, ours: Path) -> None:
    assert "ours v2 holds for Retail" in seamark("risk", "profile", "apply", ours, "--unit", "retail").out
    assert seamark("risk", "profile", "show", "--unit", "Retail").out == ours.read_text("utf-8")
    assert (
        json.loads(seamark("risk", "profile", "show", "--unit", "Retail", "--json").out)["standing"]
        == "holds for Retail"
    )
    assert "holds for Retail again" in seamark("risk", "profile", "withdraw", "--unit", "Retail").out
    assert "as above" in seamark("risk", "profile", "history").out
    refused = seamark("risk", "profile", "withdraw", "--unit", "Retail")
    assert (refused.code, "has no risk profile of its own" in refused.err) == (1, True)


def test_it_scores_at_once_however_large_the_estate(
    seamark: Command, world: None, ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "AT_ONCE", 0)
    assert "issues moved" in seamark("risk", "profile", "apply", ours).out
    assert ProfileUse.objects.filter(state="done").count() == 2


def test_what_fails_is_told(seamark: Command, world: None, ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        from seamark.core.errors import InvalidSetting

        raise InvalidSetting("no factor of that name any more")

    monkeypatch.setattr(rescoring, "weights_of", refuse)
    told = seamark("risk", "profile", "apply", ours)
    assert told.code == 1
    assert "ours v2 holds for everything, but the issues were not scored anew: no factor of that name" in told.err


def test_checking_needs_no_database(installation: Installation, ours: Path, report: Write) -> None:
    said = installation.run("risk", "profile", "check", ours)
    assert (said.code, said.err) == (0, "")
    assert f"{ours} is valid: ours v2, {len(default_profile().weights)} weights" in said.out
    assert not installation.home.exists()
    bare = report(
        b"name: bare\nversion: 1\nintercept: 0\nweights: {epss: 1}\nbands: {P0: 85, P1: 60, P2: 40, P3: 15}\n",
        "bare.yaml",
    )
    assert "without weight: severity, cvss" in installation.run("risk", "profile", "check", bare).out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["check", "{wrong}"], "line 4, column 11: there is no factor 'epsss'; do you mean epss?"),
        (["apply", "{wrong}"], "line 4, column 11"),
        (["check", "gone.yaml"], "cannot be read"),
        (["check", "{bytes}"], "cannot be read"),
        (["preview", "{ours}", "--unit", "Nowhere"], "There is no business unit 'Nowhere'"),
        (["show", "theirs"], "There is no risk profile 'theirs'"),
        (["show", "default", "--unit", "Retail"], "Either NAME or --unit"),
        (["show", "--version", "1"], "--version goes with a NAME"),
        (["apply", "{held}"], "holds for everything already"),
        (["apply", "{other}"], "is kept already, with other weights"),
    ],
)
def test_bad_input_is_told(
    seamark: Command, world: None, ours: Path, report: Write, words: list[str], complaint: str
) -> None:
    wrong = report(b"name: x\nversion: 1\nintercept: 0\nweights: {epsss: 1}\n", "wrong.yaml")
    own = default_profile()
    files = {
        "wrong": wrong,
        "ours": ours,
        "bytes": report(b"\xff\xfe\xff", "bytes.yaml"),
        "held": report(dump(own).encode(), "held.yaml"),
        "other": report(dump(replace(own, intercept=9.0)).encode(), "other.yaml"),
    }
    profiles.active_profile()
    result = seamark("risk", "profile", *(word.format(**files) for word in words))
    assert result.code != 0
    assert complaint in result.err
    assert "Traceback" not in result.err
