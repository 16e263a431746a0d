"""Takes over what a `seamark.yaml` says of an application, and scores its issues anew."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from seamark.intake.discovery.context import ApplicationContext, Money
from seamark.pipeline.scoring import rescore
from seamark.store.models import Application, BusinessUnit, Issue


def apply_context(application: Application, context: ApplicationContext, origin: str = "seamark.yaml") -> None:
    """Set the facts that a context declares, each with its origin; what it does not speak of stays."""
    spec = context.spec
    revenue = spec.revenue_per_hour.amount if isinstance(spec.revenue_per_hour, Money) else spec.revenue_per_hour
    told: dict[str, Any] = {
        "description": spec.description, "criticality": spec.criticality, "exposure": spec.exposure, "sla_tier": spec.sla_tier,
        "revenue_per_hour": revenue, "data_classes": [name.upper() for name in spec.data_classes] if spec.data_classes is not None else None,
    }  # fmt: skip
    with transaction.atomic():
        if spec.business_unit:
            told["unit"], _ = BusinessUnit.objects.get_or_create(name=spec.business_unit)
        changed = False
        for name, value in told.items():
            if value is None:
                continue
            changed = changed or getattr(application, name) != value
            setattr(application, name, value)
            application.origins[name] = origin
        application.save()
        if changed:
            rescore(Issue.objects.filter(application=application).values_list("id", flat=True))
