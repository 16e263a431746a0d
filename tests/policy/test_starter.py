"""The starter bundle, the words about policies, the schema, and that nothing of this needs a database."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date

import jsonschema
import pytest
import yaml

from seamark.governance.policy import examples, shapes
from seamark.governance.policy.bundle import Bundle, starter
from seamark.governance.policy.classes import owasp, path_classes
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.facts import GROUPS, SUBJECTS, Facts, encode, examples_from
from seamark.governance.policy.licences import licence_class
from seamark.governance.policy.model import Stage, Type
from seamark.governance.policy.schema import facts_table, json_schema
from seamark.governance.policy.words import advice, sentences, used

from .written import MATCH, NOW, bundle, record, text

DAY = date(2026, 11, 22)


def test_every_example_of_the_starter_bundle_is_right() -> None:
    ran = examples.run(Bundle.compile(starter()))
    assert [one for one in ran if not one.right] == []
    assert len(ran) > 60


def test_the_starter_bundle_is_explained_and_tested() -> None:
    whole = Bundle.compile(starter())
    assert len(whole.policies) >= 25
    assert advice(whole) == []
    assert {one.spec.type for one in whole.policies} >= {
        Type.GATE,
        Type.SLA,
        Type.COVERAGE,
        Type.LICENCE,
        Type.DEPLOY,
        Type.PIPELINE,
    }


def test_the_sentence_that_all_this_is_for() -> None:
    policy = Bundle.compile(starter()).named("no-critical-in-internet-facing")
    assert policy is not None
    assert policy.spec.match == MATCH
    one = Bundle([policy])
    new, old, inside = record(new=True), record(new=False), record(new=True, exposure="internal")
    outcomes = [
        evaluate(one, stage, [facts], now=NOW).outcome
        for stage in (Stage.PULL_REQUEST, Stage.DEPLOY)
        for facts in (new, old, inside)
    ]
    assert outcomes == ["block", "pass", "pass"] * 2


def test_a_wrong_example_is_told() -> None:
    wrong = text(
        MATCH,
        "examples: [{name: odd, facts: {issue: {severity: critical, waived: false}, asset: {exposure: internet}}, expect: pass}, {facts: {issue: {severity: critical, waived: false}}, expect: violation}]",
    )
    first, second = examples.run(bundle(wrong))
    assert (first.name, first.found, first.right) == ("odd", "violation", False)
    assert (second.found, second.unknown) == ("indeterminate", ("asset.exposure",))


def test_words() -> None:
    (policy,) = bundle(
        text(
            MATCH,
            "description: Nothing critical",
            "newOnly: true",
            "grace: 7d",
            "schedule: {off: 2027-01-01}",
            "appliesTo: {tags: [pci], exclude: [lab]}",
        )
    ).policies
    said = " ".join(sentences(policy, DAY))
    for words in (
        "Nothing critical.",
        "pull request: blocks",
        "7 days of grace",
        "From 2027-01-01: is off.",
        "with the tag pci, but not lab",
        "treated as a violation",
    ):
        assert words in said
    assert [one.name for one in used(policy)] == ["asset.exposure", "issue.severity", "issue.waived"]
    assert len(advice(bundle(text()))) == 3


def test_every_fact_is_documented() -> None:
    page = "\n".join(facts_table())
    for name in SUBJECTS:
        assert set(shapes.sentences(GROUPS[name])) == set(shapes.fields(GROUPS[name]))
        assert all(f"| `{name}.{fact}` |" in page for fact in shapes.fields(GROUPS[name]))
    assert list(GROUPS) == list(SUBJECTS)


def test_every_fact_may_be_unknown() -> None:
    for name, kind in GROUPS.items():
        assert encode(Facts(**{name: kind()})) == f'{{"{name}":{{}}}}'.encode()


def test_the_schema_takes_what_is_taken_and_refuses_what_is_not() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    for source in starter():
        for document in yaml.load_all(source.text, yaml.BaseLoader):
            plain = json.loads(re.sub(r'"(true|false|-?\d+(?:\.\d+)?)"', r"\1", json.dumps(document)))
            # Version numbers of frameworks are texts.
            plain["metadata"]["frameworks"] = [str(one) for one in plain["metadata"].get("frameworks", [])]
            assert [error.message for error in check.iter_errors(plain)] == []
    wrong = yaml.safe_load(text().replace("stages", "stage"))
    assert not check.is_valid(wrong)
    described = schema["$defs"]["Spec"]["properties"]
    assert all(
        described[name].get("description") or "$ref" in described[name] for name in ("match", "newOnly", "onError")
    )


@pytest.mark.parametrize(
    ("licences", "kind"),
    [
        (["MIT"], "permissive"), (["GPL-3.0-only"], "strong_copyleft"), (["MIT OR GPL-2.0"], "permissive"), (["MIT AND GPL-2.0"], "strong_copyleft"),
        (["(MIT AND GPL-2.0) OR Apache-2.0"], "permissive"), (["LGPL-2.1+"], "weak_copyleft"), (["AGPL-3.0"], "network_copyleft"), (["Acme EULA"], "other"),
        ([], None), (["NOASSERTION"], None), (["GPL-2.0-only WITH Classpath-exception-2.0"], "weak_copyleft"), (["MIT", "GPL-3.0"], "strong_copyleft"),
        (["CC-BY-NC-4.0"], "other"), (["((("], "other"), (["BUSL-1.1"], "other"),
    ],
)  # fmt: skip
def test_licences(licences: list[str], kind: str | None) -> None:
    assert licence_class(licences) == kind


def test_weaknesses_and_paths() -> None:
    assert [owasp(number) for number in (79, 89, 918, 502, 352, 798, 1333, 787)] == [
        "A03",
        "A03",
        "A10",
        "A08",
        "A01",
        "A07",
        None,
        None,
    ]
    assert owasp(1336) == "A03"  # below CWE-94
    assert path_classes("src/auth/LoginForm.ts") == ("authentication",)
    assert path_classes("src/author/formula.py") == ()
    assert path_classes("services/PaymentService.java") == ("payment",)
    assert path_classes(".github/workflows/ci.yml") == ("pipeline",)


def test_severities_of_examples_may_be_words() -> None:
    facts = examples_from({"issue": {"severity": "high", "findings": [{"severity": "low"}, {"severity": 5}]}})
    assert facts.issue is not None
    assert facts.issue.findings is not None
    assert [int(one.severity or 0) for one in facts.issue.findings] == [2, 5]


def test_what_decides_knows_no_database() -> None:
    modules = "bundle, evaluate, examples, words, schema, licences, classes"
    code = f"import sys; from seamark.governance.policy import {modules}; print(sorted(n for n in sys.modules if n.split('.')[0] == 'django' or n.startswith('seamark.store')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
