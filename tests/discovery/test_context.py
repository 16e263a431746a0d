"""`seamark.yaml`: what it may say, and what is wrong with it where it says something else."""

from __future__ import annotations

import pytest

from seamark.core.errors import SeamarkError
from seamark.intake.discovery.context import Money, read_context
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
  something_newer: ignored
"""
    )
    spec = context.spec
    assert (spec.criticality, spec.exposure, spec.data_classes) == (1, "internet", ["PII", "PCI"])
    assert spec.revenue_per_hour == Money(1200.5, "USD")
    assert (spec.business_unit, spec.repository) == ("Retail", "https://git.example/acme/shop")


def test_revenue_without_currency() -> None:
    assert read_context(HEAD + "spec: {revenue_per_hour: 900}").spec.revenue_per_hour == 900
    assert read_context(HEAD + "spec: {revenue_per_hour: {amount: 900}}").spec.revenue_per_hour == Money(900, "EUR")


def test_the_example_is_one() -> None:
    context = read_context((ROOT / "examples" / "harbour" / "seamark.yaml").read_text("utf-8"))
    assert context.metadata.title == "Harbour"
    assert context.spec.criticality == 1


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
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    with pytest.raises(SeamarkError) as refusal:
        read_context(text)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
