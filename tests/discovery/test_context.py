"""`seamark.yaml`: what it may say, and what is wrong with it where it says something else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.assets import AssetKind, Found, Relation
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.context import Money, json_schema, read_context
from seamark.intake.discovery.contexts import StoreRefs, read_contexts
from seamark.intake.discovery.extractors.context import extract
from seamark.intake.discovery.settle import Said, settle
from seamark.intake.discovery.tree import Tree
from tests.house.tree import ROOT

HEAD = "apiVersion: seamark.dev/v1\nkind: Application\nmetadata: {name: shop}\n"


def test_least() -> None:
    context = read_context(HEAD)
    assert (context.metadata.name, context.metadata.title) == ("shop", "")
    assert (context.spec.criticality, context.spec.exposure, context.spec.data_classes) == (None, None, None)


def test_whole() -> None:
    context = read_context(
        HEAD
        + """
spec:
  description: The shop
  business_unit: Retail
  criticality: 1
  sla_tier: gold
  revenue_per_hour: {amount: 1200.5, currency: USD}
  data_classes: [PII, PCI]
  environment: production
  exposure: internet
  repository: https://git.example/acme/shop
  owner: "@acme/retail"
  compliance_scope: [PCI DSS]
  contacts: {security: "@acme/sec"}
  services:
    - {name: pay, path: svc/pay, owner: "@acme/pay", image: [a/pay, b/pay], api: api.yaml, data_classes: [PCI], data_stores: [db], exposure: partner, criticality: 2}
  data_stores:
    - {name: db, kind: postgresql, resource: aws_db_instance.db, data_classes: [PCI], owner: ada@acme.example}
  payment_flows:
    - {name: checkout, services: [pay], data_stores: [db], provider: Acme Pay}
  phi_stores: [db]
  compensating_controls:
    - {name: WAF, kind: waf, covers: {services: [pay], weaknesses: [CWE-79]}, evidence: reviewed, expires: 2027-01-31}
"""
    )
    spec = context.spec
    assert (spec.criticality, spec.exposure, spec.data_classes) == (1, "internet", ["PII", "PCI"])
    assert spec.revenue_per_hour == Money(1200.5, "USD")
    assert (spec.business_unit, spec.repository) == ("Retail", "https://git.example/acme/shop")
    assert (spec.owner, spec.compliance_scope, spec.contacts) == (
        "@acme/retail",
        ["PCI DSS"],
        {"security": "@acme/sec"},
    )
    assert (spec.services[0].image, spec.services[0].data_stores, spec.services[0].criticality) == (
        ["a/pay", "b/pay"],
        ["db"],
        2,
    )
    assert (spec.data_stores[0].resource, spec.payment_flows[0].provider, spec.phi_stores) == (
        "aws_db_instance.db",
        "Acme Pay",
        ["db"],
    )
    assert spec.compensating_controls[0].expires == date(2027, 1, 31)
    assert spec.compensating_controls[0].covers.weaknesses == ["CWE-79"]


def test_revenue_without_currency() -> None:
    assert read_context(HEAD + "spec: {revenue_per_hour: 900}").spec.revenue_per_hour == 900
    assert read_context(HEAD + "spec: {revenue_per_hour: {amount: 900}}").spec.revenue_per_hour == Money(900, "EUR")


def test_the_example_is_one() -> None:
    context = read_context((ROOT / "examples" / "harbour" / "seamark.yaml").read_text("utf-8"))
    assert context.metadata.title == "Harbour"
    assert context.spec.criticality == 1
    assert [service.name for service in context.spec.services] == ["orders", "storefront"]
    assert [control.kind for control in context.spec.compensating_controls] == ["waf", "network"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "seamark.yaml: Expected `object`, got `null`"),
        ("- a\n- b", "Expected `object`, got `array`"),
        ("a: [1,\nb", "seamark.yaml is not valid YAML in line 2"),
        ("\x00", "seamark.yaml is not valid YAML"),
        ("a: !!python/object/apply:os.system [id]", "seamark.yaml is not valid YAML"),
        ("kind: Application\nmetadata: {name: a}", "apiVersion"),
        (HEAD.replace("v1", "v9"), "$.apiVersion"),
        (HEAD.replace("Application", "Component"), "$.kind"),
        (HEAD.replace("{name: shop}", "{}"), "$.metadata"),
        (HEAD + "spec: {criticality: 5}", "$.spec.criticality"),
        (HEAD + "spec: {criticality: high}", "$.spec.criticality"),
        (HEAD + "spec: {exposure: everywhere}", "$.spec.exposure"),
        (HEAD + "spec: {data_classes: PII}", "$.spec.data_classes"),
        (HEAD + "spec: {repository: 7}", "$.spec.repository"),
        ("a: &a [x, *a]", "seamark.yaml"),
        ("[" * 5000, "seamark.yaml"),
        (
            HEAD + "spec:\n  owner: x\n  criticalty: 2",
            "unknown field `criticalty` - at `$.spec`. Did you mean `criticality`? (line 6)",
        ),
        (HEAD + "spec:\n  qqq: 2", "unknown field `qqq` - at `$.spec` (line 5)"),
        (HEAD + "specs: {}", "Did you mean `spec`? (line 4)"),
        (
            HEAD + "spec:\n  services:\n    - name: a\n    - name: b\n      pth: x",
            "unknown field `pth` - at `$.spec.services[1]`. Did you mean `path`? (line 8)",
        ),
        (HEAD + "spec: {services: [{path: x}]}", "missing required field `name` - at `$.spec.services[0]`"),
        (
            HEAD
            + "spec:\n  compensating_controls:\n    - name: a\n      kind: waf\n      covers: {weaknesses: [79]}\n      evidence: e\n      expires: 2027-01-01",
            "covers.weaknesses",
        ),
        (
            HEAD
            + "spec:\n  compensating_controls:\n    - {name: a, kind: waf, covers: {service: [x]}, evidence: e, expires: 2027-01-01}",
            "Did you mean `services`? (line 6)",
        ),
        (
            HEAD + "spec:\n  compensating_controls: [{name: a, kind: waf, covers: {}, evidence: e, expires: soon}]",
            "expires",
        ),
        (HEAD + "spec: {services: [{name: a, criticality: 9}]}", "$.spec.services[0].criticality"),
        (HEAD + "spec: {revenue_per_hour: {amount: -1}}", "revenue_per_hour"),
        (HEAD + "spec: {phi_stores: ['']}", "phi_stores"),
        (HEAD + "spec: {environment: 2026-02-31}", "seamark.yaml"),
        (HEAD + '"a\\nb": 1', "unknown field `a b`"),
        (HEAD + "spec: &s {services: [*s]}", "seamark.yaml"),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    with pytest.raises(SeamarkError) as refusal:
        read_context(text)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_schema_says_the_same() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    example = yaml.load((ROOT / "examples" / "harbour" / "seamark.yaml").read_text("utf-8"), yaml.BaseLoader)
    example["spec"] |= {"criticality": 1, "revenue_per_hour": {"amount": 4200, "currency": "EUR"}}
    assert [error.message for error in validator.iter_errors(example)] == []
    example["spec"]["criticalty"] = 1
    assert [error.message for error in validator.iter_errors(example)] != []


@given(st.recursive(st.none() | st.integers() | st.text(max_size=4) | st.dates(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["spec", "services", "name", "path", "covers", "metadata", "kind", "x"]), inner, max_size=4), max_leaves=15))  # fmt: skip
def test_anything_else_is_one_sentence(value: object) -> None:
    with pytest.raises(SeamarkError) as refusal:
        read_context(
            yaml.safe_dump(
                {
                    "apiVersion": "seamark.dev/v1",
                    "kind": "Application",
                    "metadata": {"name": "a"},
                    "spec": {"nothing": 1},
                    "more": value,
                }
            )
        )
    assert "\n" not in str(refusal.value)


NAME = "github.com/acme/shop"
SHOP = HEAD.replace("shop", "shop, title: Shop")
FILES = {
    "seamark.yaml": SHOP
    + """spec:
  owner: "@acme/all"
  criticality: 2
  data_classes: [pii]
  services:
    - name: web
      path: ./svc/web
      owner: ada@acme.example
      image: registry.example/web:1.2
      api: svc/web/api.yaml
      data_classes: [PII]
      data_stores: [db, gone]
      exposure: internet
    - {name: absent, path: svc/absent}
  data_stores:
    - {name: db, kind: postgresql, resource: aws_db_instance.db, data_classes: [PII]}
    - {name: topic, kind: sns, resource: "arn:aws:sns:eu:1:t"}
    - {name: table, resource: "infra/stack.yaml#Table"}
    - {name: loose, resource: aws_db_instance.other}
  payment_flows: [{name: checkout, services: [web], data_stores: [db]}]
  phi_stores: [topic]
  compensating_controls: [{name: WAF, kind: waf, covers: {services: [web]}, evidence: e, expires: 2027-01-01}]
""",
    "svc/web/api.yaml": "",
    "infra/main.tf": 'resource "aws_db_instance" "db" {\n}\n',
    "part/seamark.yaml": HEAD.replace("shop", "part") + "spec: {services: [{name: inner, path: src}]}\n",
    "part/src/a.py": "",
    "broken/seamark.yaml": HEAD + "spec:\n  critical: 1\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return Tree(tmp_path, NAME)


def test_the_nearest_file_counts(tree: Tree) -> None:
    contexts = read_contexts(tree)
    names = {
        path: placed.context.metadata.name
        for path in ("a", "part/x", "part", "svc/web", "")
        if (placed := contexts.of(path))
    }
    assert names == {"a": "shop", "part/x": "part", "part": "part", "svc/web": "shop", "": "shop"}
    assert [(trouble.at, "Did you mean `criticality`?" in trouble.text) for trouble in tree.troubles] == [
        ("broken/seamark.yaml:5", True)
    ]


def test_stores_are_found_where_they_are_declared(tree: Tree) -> None:
    stores = StoreRefs(tree)
    keys = {name: ref.key for name in ("db", "topic", "table", "loose") if (ref := stores.named(name))}
    assert keys == {
        "db": f"{NAME}//infra#aws_db_instance.db",
        "topic": "arn:aws:sns:eu:1:t",
        "table": f"{NAME}//infra/stack.yaml#Table",
        "loose": f"{NAME}//seamark.yaml#loose",
    }
    assert stores.named("nothing") is None


def test_what_a_context_says_of_assets(tree: Tree) -> None:
    said = list(extract(tree))
    found = {each.ref.key: each for each in said if isinstance(each, Found)}
    assert found["shop"].facts["criticality"] == 2
    assert found["shop"].facts["compensating_controls"][0]["expires"] == "2027-01-01"
    web = found[f"{NAME}//svc/web"]
    assert (web.at, web.origin, web.confidence) == ("seamark.yaml:9", "seamark.yaml", 1.0)
    assert web.facts == {
        "exposure": "internet", "exposure_why": "seamark.yaml says so", "data_classes": ["PII"], "payment_flows": ["checkout"], "compensating_controls": ["WAF"],
    }  # fmt: skip
    assert found["arn:aws:sns:eu:1:t"].facts == {"store_kind": "sns", "data_classes": ["PHI"], "phi": True}
    assert found[f"{NAME}//infra#aws_db_instance.db"].facts["payment_flows"] == ["checkout"]
    edges = {(each.source.key, each.kind.value, each.target.key) for each in said if isinstance(each, Relation)}
    assert {
        ("acme/all", "owns", "shop"), ("ada@acme.example", "owns", f"{NAME}//svc/web"), ("shop", "contains", NAME), ("shop", "contains", f"{NAME}//svc/web"),
        ("shop", "handles", "PII"), (f"{NAME}//svc/web", "handles", "PII"), ("registry.example/web", "built_from", f"{NAME}//svc/web"),
        (f"{NAME}//svc/web", "serves", f"{NAME}//svc/web/api.yaml"), (f"{NAME}//svc/web", "reads", f"{NAME}//infra#aws_db_instance.db"),
        (f"{NAME}//svc/web", "writes", f"{NAME}//infra#aws_db_instance.db"), ("arn:aws:sns:eu:1:t", "handles", "PHI"), ("part", "contains", f"{NAME}//part/src"),
    } <= edges  # fmt: skip
    assert {each.ref.kind for each in said if isinstance(each, Found)} == {
        AssetKind.APPLICATION, AssetKind.SERVICE, AssetKind.DATA_STORE, AssetKind.DATA_CLASS, AssetKind.IMAGE,
    }  # fmt: skip
    assert [trouble.text for trouble in tree.troubles if trouble.at.startswith("seamark.yaml")] == [
        "names a data store 'gone' that it does not declare",
        "has no folder 'svc/absent' for the service 'absent'",
    ]


def test_what_counts_of_several_sayings() -> None:
    sayings = [
        Said(value=3, origin="terraform", at="main.tf:1", confidence=0.9), Said(value=2, origin="catalog"), Said(value=4, origin="kubernetes", confidence=1.0),
        Said(value=1, origin="seamark.yaml", at="seamark.yaml:8"), Said(value=None, origin="people"),
    ]  # fmt: skip
    settled = settle(sayings)
    assert settled is not None
    assert (settled.value, settled.origin) == (1, "seamark.yaml")
    assert [said.origin for said in settled.said] == ["seamark.yaml", "catalog", "kubernetes", "terraform"]
    edited = settle([*sayings, Said(value=0, origin="people", at="ada")])
    assert edited is not None
    assert (edited.value, edited.said[0].at) == (0, "ada")
    assert settle([Said(value=None, origin="people")]) is None
