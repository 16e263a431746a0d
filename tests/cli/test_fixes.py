"""`seamark fixes`: the list, narrowed, and one fix."""

from __future__ import annotations

import json

import pytest

from seamark.interfaces.cli.commands import fixes_
from seamark.store.models import Application, Fix, Issue
from tests.cli.conftest import Command
from tests.factories import make_world


@pytest.fixture
def rotate(db: None) -> Fix:
    shop: Application = make_world()["shop"]
    Fix.objects.exclude(kind="upgrade").delete()
    secret = Issue.objects.get(place__startswith="deploy/ci.env")
    title = "Rotate the aws access key in deploy/ci.env"
    fix = Fix.objects.create(application=shop, asset=secret.asset, kind="rotate", key="5f2a", title=title)
    Issue.objects.filter(pk=secret.pk).update(fix=fix)
    return fix


def numbers(out: str) -> list[int]:
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_of_one_kind(seamark: Command, rotate: Fix) -> None:
    every = numbers(seamark("fixes", "--json").out)
    assert len(every) == 4
    assert numbers(seamark("fixes", "--kind", "rotate", "--json").out) == [rotate.pk]
    assert rotate.pk not in numbers(seamark("fixes", "--kind", "upgrade", "--json").out)
    shown = seamark("fixes", "--kind", "rotate").out
    assert rotate.title in shown
    assert shown.splitlines()[2].split()[0] == str(rotate.pk)
    assert seamark("fixes", "--kind", "code").out.startswith("No fix fits.")
    assert seamark("fixes", "--kind", "magic").code == 2


def test_one(seamark: Command, rotate: Fix) -> None:
    log4j = Fix.objects.get(title__contains="log4j")
    issues = list(Issue.objects.filter(fix=log4j).order_by("-risk", "-id"))
    shown = seamark("fixes", log4j.pk).out
    assert shown.splitlines()[0] == log4j.title == "Upgrade org.apache.logging.log4j/log4j-core to 2.16.0"
    for words in ("Upgrade · Storefront", "2 issues", "2 findings", "worst critical", "1 known to be exploited"):
        assert words in " ".join(shown.split())
    assert [one.reference for one in issues] == [word for word in shown.split() if word.startswith("SM-")]
    told = json.loads(seamark("fixes", log4j.pk, "--json").out)
    assert [one["id"] for one in told["clears"]] == [one.reference for one in issues]
    assert (told["issues"], told["findings"], told["kev"]) == (2, 2, 1)


def test_one_with_more_issues_than_are_shown(seamark: Command, rotate: Fix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixes_, "MOST_ISSUES", 1)
    log4j = Fix.objects.get(title__contains="log4j")
    assert f"1 of 2 issues; `seamark issues fix:{log4j.pk}` lists all" in seamark("fixes", log4j.pk).out


def test_one_with_nothing_left(seamark: Command, rotate: Fix) -> None:
    Issue.objects.filter(fix=rotate).update(open=False)
    assert "Nothing is left that it clears." in seamark("fixes", rotate.pk).out
    assert rotate.pk not in numbers(seamark("fixes", "--json").out)


@pytest.mark.django_db
def test_none_of_that_number(seamark: Command) -> None:
    result = seamark("fixes", 999_999)
    assert (result.code, result.out) == (1, "")
    assert result.err == "Error: There is no fix 999999; `seamark fixes` lists them\n"


@pytest.mark.parametrize("words", [("x",), ("0",), ("9" * 30,), ("12", "--kind", "code"), ("12", "--application", "a")])
def test_words_that_do_not_fit(seamark: Command, words: tuple[str, ...]) -> None:
    result = seamark("fixes", *words)
    assert (result.code, result.out) == (2, "")
    assert "Error" in result.err
