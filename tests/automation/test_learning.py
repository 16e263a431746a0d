"""What verdicts suggest, and how good that is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.governance.automation.learning import Group, Key, Verdict, grouped, path_class, quality, wilson
from seamark.governance.policy.kept.edit import one_policy
from seamark.governance.triage import service
from seamark.pipeline.automation.learned import draft, learned
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Issue, User
from seamark.store.models.issues import State
from tests.factories import code, import_findings, make_person


@pytest.mark.parametrize(
    ("path", "sort"),
    [
        ("tests/a.py", "test"), ("src/test_a.py", "test"), ("web/a.spec.ts", "test"), ("src/latest.py", "product"),
        ("vendor/x/y.go", "vendored"), ("static/a.min.js", "generated"), ("app/migrations/0001.py", "migration"),
        ("examples/demo.py", "example"), ("scripts/release.sh", "script"), ("", "product"),
    ],
)  # fmt: skip
def test_sorts_of_paths(path: str, sort: str) -> None:
    assert path_class(path) == sort


def test_wilson() -> None:
    assert wilson(0, 0) == 0
    assert wilson(31, 32) == pytest.approx(0.8426, abs=0.0005)
    assert wilson(8, 8) == pytest.approx(0.6756, abs=0.0005)


KEYS = [Key("t", f"r{number}", "product") for number in range(3)]


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=60))
def test_leaving_each_out_is_what_it_says(said: list[tuple[Key, bool]]) -> None:
    verdicts = [Verdict(number, key, wrong) for number, (key, wrong) in enumerate(said)]
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for one in verdicts:
        others = grouped(other for other in verdicts if other is not one)
        guessed = others.get(one.key, Group(0, 0)).suggests
        counts[guessed, one.wrong] += 1
    told = quality(grouped(verdicts))
    assert (told.true_positive, told.false_positive, told.false_negative, told.true_negative) == (
        counts[True, True], counts[True, False], counts[False, True], counts[False, False],
    )  # fmt: skip


def test_quality_in_numbers() -> None:
    told = quality({KEYS[0]: Group(40, 1), KEYS[1]: Group(1, 20)})
    assert (told.true_positive, told.false_positive, told.true_negative, told.false_negative) == (40, 1, 20, 1)
    assert told.precision == pytest.approx(40 / 41)
    assert told.recall == pytest.approx(40 / 41)
    assert told.mcc == pytest.approx((40 * 20 - 1) / math.sqrt(41 * 41 * 21 * 21))
    assert quality({}).mcc is None


def test_a_suggestion_comes_with_its_evidence(world: dict[str, Application], root: User) -> None:
    findings = [code("noisy", f"Noise {number}", f"tests/t{number}.py", 3) for number in range(20)]
    findings += [code("noisy", f"Real {number}", f"src/s{number}.py", 3) for number in range(3)]
    import_findings("Storefront", "Alpha", findings)
    before = list(Issue.objects.order_by("pk").values_list("pk", "state"))
    assert not learned(everything()).suggestions
    wrong = Issue.objects.filter(title__in=[f"Noise {number}" for number in range(16)])
    service.change_state(root, wrong, State.DISMISSED, "false_positive", "in a test")
    service.change_state(root, Issue.objects.filter(title="Noise 16"), State.CONFIRMED)
    service.change_state(root, Issue.objects.filter(title__startswith="Real"), State.CONFIRMED)
    found = learned(everything())
    assert found.verdicts == 20
    [one] = found.suggestions
    assert one.sentence == "16 of 17 findings of noisy by Alpha in test code were dismissed as false positives"
    assert (one.number, len(one.evidence), len(one.against)) == (3, 16, 1)
    assert set(one.issues) == {
        row.reference for row in Issue.objects.filter(title__in=["Noise 17", "Noise 18", "Noise 19"])
    }
    assert found.quality.precision == pytest.approx(16 / 17)
    # It suggests, and closes nothing.
    assert set(before) >= set(Issue.objects.filter(title__in=["Noise 17", "Noise 18"]).values_list("pk", "state"))
    policy, mistakes = one_policy(draft(one))
    assert policy is not None, mistakes
    assert not learned(visible_to(make_person("nobody"))).suggestions
