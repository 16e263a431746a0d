"""The risk profile in force."""

from __future__ import annotations

import msgspec

from seamark.analysis.risk import default_profile
from seamark.store.models import RiskProfile


def active_profile() -> RiskProfile:
    """Return the active risk profile; the product's own where none was made yet."""
    found = RiskProfile.objects.filter(active=True).first()
    if found is not None:
        return found
    profile = default_profile()
    row, _ = RiskProfile.objects.get_or_create(
        name=profile.name, version=profile.version, defaults={"content": msgspec.to_builtins(profile)}
    )
    RiskProfile.objects.filter(pk=row.pk).update(active=True)
    return row
