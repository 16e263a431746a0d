"""Measures, for the matrix: facts of the shop, a pack of a quarter, and a dashboard and a pack of each person's own."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from seamark.insight.metrics import columns, saved
from seamark.pipeline import made_files, packing
from seamark.pipeline.made_files import Holds
from seamark.pipeline.metrics import packs as board_packs
from seamark.pipeline.metrics import recording
from seamark.store.models import Application, BoardPack, Job, User
from seamark.store.models.requests import JobState

ASKED = {"/api/v1/metrics/compared": "?day=2026-06-01", "analytics-pack": "?kept=2026-Q2"}
"""What an address needs behind it."""


def of_measures() -> dict[str, Any]:
    """Record facts of what there is."""
    columns.forget()
    recording.record()
    BoardPack.objects.create(quarter="2026-Q2", form="pptx", data=b"slides", digest="", made_at=timezone.now())
    return {"analytics-pack form": "pptx", "analytics-list name": "open", "/metrics/lists name": "open"}


def own(person: User) -> dict[str, Any]:
    """Return what belongs to one person."""
    shop = Application.objects.get(slug="storefront")
    job = Job.objects.create(
        owner=person, kind=packing.BOARD, asked={"form": "pdf", "period": "90"}, state=JobState.DONE
    )
    made_files.keep(job, "pack.pdf", board_packs.TYPES["pdf"], b"Storefront", Holds(applications=(shop.pk,)))
    return {
        "analytics-forget number": saved.save(person, "mine", "period=30").pk, "made number": job.pk, "made-file number": job.pk,
        "/api/v1/jobs/{reference}/file reference": f"job-{job.pk}",
    }  # fmt: skip


def body(name: str, method: str) -> dict[str, Any]:
    """Return what to send."""
    sent: dict[tuple[str, str], dict[str, Any]] = {
        ("analytics-costs", "POST"): {"chance": "0.05"},
        ("analytics-save", "POST"): {"name": "new", "query": "period=30"},
        ("analytics-pack-make", "POST"): {"pack": "pptx", "query": "application=storefront&period=30"},
        ("/metrics/packs", "POST"): {"application": "storefront"},
        ("/metrics/costs", "PATCH"): {"chance": 0.05},
    }
    return sent.get((name, method), {})
