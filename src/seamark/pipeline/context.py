"""Takes over what a `seamark.yaml` says of an application, and scores anew the issues that weigh differently for it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from msgspec import to_builtins

from seamark.governance.triage.context import PERSON
from seamark.intake.discovery.context import ApplicationContext, Money
from seamark.pipeline.crowns import declare_jewels
from seamark.pipeline.restanding import restand
from seamark.store.models import Application, BusinessUnit, Control


def apply_context(application: Application, context: ApplicationContext, origin: str = "seamark.yaml") -> None:
    """Set the facts and controls that a context declares, each with its origin; what it does not speak of stays.

    What a person decided stays as well, and is told by its origin.
    """
    spec = context.spec
    revenue = spec.revenue_per_hour.amount if isinstance(spec.revenue_per_hour, Money) else spec.revenue_per_hour
    told: dict[str, Any] = {
        "description": spec.description, "criticality": spec.criticality, "exposure": spec.exposure, "sla_tier": spec.sla_tier,
        "revenue_per_hour": revenue, "data_classes": [name.upper() for name in spec.data_classes] if spec.data_classes is not None else None,
        "environment": spec.environment, "compliance": spec.compliance_scope,
    }  # fmt: skip
    with transaction.atomic():
        if spec.business_unit:
            told["unit"], _ = BusinessUnit.objects.get_or_create(name=spec.business_unit)
        for name, value in told.items():
            if value is None or application.origins.get(name) == PERSON:
                continue
            setattr(application, name, value)
            application.origins[name] = origin
        application.save()
        _controls(application, context, origin)
        declare_jewels(spec.crown_jewels, f"{origin} of {application.slug}")
        restand([application.pk])


def _controls(application: Application, context: ApplicationContext, origin: str) -> None:
    """Put the context's compensating controls in the place of those that it declared before."""
    declared = {control.name[:300]: control for control in context.spec.compensating_controls}
    Control.objects.filter(application=application, origin=origin).exclude(name__in=declared).delete()
    for name, control in declared.items():
        facts = {
            "kind": control.kind[:50], "covers": to_builtins(control.covers), "evidence": control.evidence, "expires": control.expires,
            "origin": origin,
        }  # fmt: skip
        Control.objects.update_or_create(application=application, name=name, defaults=facts)
