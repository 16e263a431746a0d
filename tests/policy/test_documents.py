"""Policies as YAML: what is wrong is told with its line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.errors import SeamarkError
from seamark.governance.policy.bundle import Bundle, examine, read_folder, starter
from seamark.governance.policy.document import LARGEST
from seamark.governance.policy.model import Effect, InvalidPolicies, Mode, Source, Stage

from .written import MATCH, bundle, text


def mistakes(*texts: str) -> list[str]:
    """Return what is wrong with files."""
    with pytest.raises(InvalidPolicies) as refused:
        bundle(*texts)
    return [str(one) for one in refused.value.mistakes]


def test_place_of_a_mistake_in_a_plain_condition() -> None:
    assert mistakes(text("issue.sevrity > 2")) == [
        "0.yaml:5:16: issue has no fact sevrity; did you mean issue.severity?"
    ]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("'issue.kev && issue.title == \"it''s\" && issue.wived'", "5:56"),
        ('"issue.title == \\"a\\" && issue.wived"', "5:41"),
        (">-\n    issue.kev\n    && issue.wived", "7:14"),
        ("|\n    issue.kev &&\n      issue.wived", "7:13"),
        ("issue.kev\n    && issue.wived", "6:14"),
        ('issue.title == "é" && issue.wived', "5:38"),
    ],
)
def test_place_of_a_mistake_in_every_sort_of_text(written: str, place: str) -> None:
    assert mistakes(text(written)) == [f"0.yaml:{place}: issue has no fact wived; did you mean issue.waived?"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("newonly: true",), "0.yaml:7:3: spec: there is no key newonly here; did you mean newOnly?"),
        (("onError: clsed",), "0.yaml:7:12: spec.onError: clsed is not known here; did you mean closed?"),
        (("mode: on",), "0.yaml:7:9: spec.mode: on is not known here"),
        (("grace: a week",), "0.yaml:7:10: spec.grace"),
        (("message: 'at {issue.rf}'",), "0.yaml:7:17: issue has no fact 'rf'; did you mean ref?"),
        (("message: '{app.name}'",), "0.yaml:7:14: there are no facts 'app'"),
        (("sla: {days: 3}",), "0.yaml:7:8: sla is for policies of type sla only"),
        (("examples: [{facts: {issue: {severty: high}}, expect: pass}]",), "0.yaml:7:22: these facts are not right: Object contains unknown field `severty`"),
        (("examples: [{facts: {asset: {kind: image}}, expect: pass}]",), "0.yaml:7:22: these facts are about asset, and the policy about issue"),
        (("mode: warn", "mode: log"), "0.yaml:8:3: mode stands here twice"),
    ],
)  # fmt: skip
def test_place_of_other_mistakes(lines: tuple[str, ...], told: str) -> None:
    (found,) = mistakes(text(MATCH, *lines))
    assert found.startswith(told)


def test_all_mistakes_of_all_files_are_told() -> None:
    found = mistakes(text("issue.a > 1 || issue.b > 1"), text("asset.c", name="two"), "a: [", text(name="three"))
    assert [one.split(": ")[0] for one in found] == ["0.yaml:5:16", "0.yaml:5:31", "1.yaml:5:16", "2.yaml:1:5"]


def test_good_policies_of_a_bad_bundle_are_known() -> None:
    found, wrong = examine([Source("a.yaml", text(name="good")), Source("b.yaml", text("issue.x", name="bad"))])
    assert [one.name for one in found.policies] == ["good"]
    assert [one.policy for one in wrong] == ["bad"]


def test_what_does_not_go_together() -> None:
    assert "needs stages" in mistakes(text(stages=""))[0]
    assert "needs the key sla" in mistakes(text(MATCH, "type: sla"))[0]
    assert "newOnly is for" in mistakes(text('drift.state == "scanned"', "newOnly: true"))[0]
    assert "grace is for" in mistakes(text('drift.state == "scanned"', "grace: 3d"))[0]
    assert "is about issues" in mistakes(text("build.own", "type: triage", "triage: {state: dismissed}"))[0]


@pytest.mark.parametrize(
    "hostile",
    [
        "a: &a [x]\nb: [*a, *a]",
        "- " * 20000,
        "[" * 5000,
        "x" * (LARGEST + 1),
        "!!python/object/apply:os.system ['true']",
        "? [a]\n: b",
        "{}", "[]", "3", "null", "apiVersion: seamark.dev/v1", "\x00", "metadata: 3", "metadata: {name: [x]}",
    ],
)  # fmt: skip
def test_hostile_files_are_refused_with_a_sentence(hostile: str) -> None:
    _, found = examine([Source("x.yaml", hostile)])
    assert found == [] if hostile == "null" else all(one.message for one in found)
    assert found or hostile == "null"


def test_an_empty_document_is_none() -> None:
    assert bundle(text() + "---\n").policies[0].name == "one"


def test_two_of_a_name() -> None:
    assert mistakes(text(), text()) == ["1.yaml:3:18: there is another policy one in 0.yaml"]


def test_words_are_words_not_truth_values() -> None:
    (policy,) = bundle(text(stages="{monitor: off, deploy: block}")).policies
    assert policy.spec.stages == {Stage.MONITOR: Effect.OFF, Stage.DEPLOY: Effect.BLOCK}
    assert bundle(text(MATCH, "mode: off")).policies[0].spec.mode is Mode.OFF


def test_digest_is_of_what_is_said_not_of_how_it_is_laid_out() -> None:
    loose = text().replace("{name: one}", "\n  name: one\n  # a remark")
    assert bundle(loose).digest == bundle(text()).digest
    assert bundle(text(MATCH, "severity: high")).digest != bundle(text()).digest


def test_kept_content_gives_the_same_bundle() -> None:
    whole = Bundle.compile(starter())
    again = Bundle.restore([(one.file, one.content.decode()) for one in whole.policies])
    assert again.digest == whole.digest
    with pytest.raises(InvalidPolicies, match="another policy"):
        Bundle.restore([("a", whole.policies[0].content.decode())] * 2)
    with pytest.raises(InvalidPolicies, match="no fact"):
        Bundle.restore([("a", whole.policies[0].content.decode().replace("asset.pinned", "asset.pined"))])


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.yml").write_text(text(name="two"))
    (tmp_path / "a.yaml").write_text(text())
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "c.yaml").write_text("a: [")
    outside = tmp_path.parent / f"{tmp_path.name}.outside.yaml"
    outside.write_text("secret")
    (tmp_path / "link.yaml").symlink_to(outside)
    assert [one.name for one in read_folder(tmp_path)] == ["a.yaml", "in/b.yml"]
    assert [one.name for one in read_folder(tmp_path / "a.yaml")] == ["a.yaml"]
    (tmp_path / "in" / "b.yml").write_bytes(b"\xff")
    with pytest.raises(SeamarkError, match="UTF-8"):
        read_folder(tmp_path)
    with pytest.raises(SeamarkError, match="no policies"):
        read_folder(tmp_path / ".hidden" / "nothing")
