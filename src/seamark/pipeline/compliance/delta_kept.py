"""A day's changes as evidence: frozen for each application in the scope of PCI DSS, with a leaf in the ledger, and read back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final

import msgspec

from seamark.governance.ledger.canonical import canonical
from seamark.governance.ledger.entry import plain
from seamark.insight.exports.pack.delta import Delta
from seamark.pipeline.compliance.evidence import Frozen, content_for, freeze
from seamark.pipeline.compliance.pack_delta import REPORT, delta_of
from seamark.pipeline.compliance.scope import Scope
from seamark.store.access import Visible, everything
from seamark.store.models import Application, ComplianceEvidence, User
from seamark.store.models.compliance import EvidenceKind

FRAMEWORK: Final = "pci-dss-4"
_SOURCES: Final = ("checks", "gaps", "evidence")


class _Kept(msgspec.Struct):
    rows: tuple[Delta]


def in_scope() -> frozenset[int]:
    """Return the numbers of the applications that are in the scope of PCI DSS."""
    rows = Application.objects.values_list("pk", "compliance")
    return frozenset(number for number, told in rows if FRAMEWORK in told)


def keep(application: Application, day: date, now: datetime) -> ComplianceEvidence:
    """Freeze what changed on a day that is over, once: the evidence that there is where it was frozen before."""
    scope = Scope(application=application)
    query = _query(day)
    before = ComplianceEvidence.objects.filter(name=REPORT, application=application, query=query).first()
    if before is not None:
        return before
    delta = delta_of(everything(), FRAMEWORK, scope, day)
    told: dict[str, Any] = {
        "snapshot": REPORT, "query": query, "sources": list(_SOURCES), "scope": str(scope), "at": plain(now),
        "rows": [msgspec.to_builtins(delta)],
    }  # fmt: skip
    frozen = Frozen(
        EvidenceKind.SNAPSHOT, f"Changes of {day} in {delta.title}"[:300], canonical(told).encode(), name=REPORT, query=query, sources=_SOURCES,
        filename=f"{FRAMEWORK}-{day}.json",
    )  # fmt: skip
    return freeze("compliance", frozen, scope=scope, now=now)


def kept(applications: Collection[int], day: date) -> list[int]:
    """Return the numbers of the evidence of a day, by application's name."""
    rows = ComplianceEvidence.objects.filter(name=REPORT, application__in=applications, query=_query(day))
    return list(rows.order_by("application__name", "pk").values_list("pk", flat=True))


def read(visible: Visible, reader: User, number: int) -> Delta:
    """Return a day's changes as they were frozen, and write down who read them. Raises as `evidence.content_for` does."""
    _, content = content_for(visible, reader, number)
    return msgspec.json.decode(content, type=_Kept).rows[0]


def _query(day: date) -> str:
    return f"changes of {day} in {FRAMEWORK}"
