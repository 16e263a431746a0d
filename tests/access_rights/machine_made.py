"""A change that a model wrote, for the matrix: no model is asked there."""

from __future__ import annotations

from typing import Any

from seamark.store.models import Issue, ModelPatch

MODEL = {"SEAMARK_MODEL_URL": "https://model.example/v1", "SEAMARK_MODEL_NAME": "small"}
HERE = "/api/v1/issues/{reference}/suggestions"


def of_model_patches(issue: Issue) -> dict[str, Any]:
    """Keep a change that is ready, of an issue in the code of the same application."""
    flaw = Issue.objects.get(application=issue.application, title="SQL injection in order search", merged_into=None)
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    subject = {
        "tool": "Semgrep",
        "rule": "sql",
        "title": flaw.title,
        "location": {"place": "code", "path": "orders/search.py"},
    }
    row = ModelPatch.objects.create(
        issue=flaw, state="ready", subject=subject, path="orders/search.py", model="small", diff=diff
    )
    one, pull = f"{HERE}/{{number}}", f"{HERE}/{{number}}/pull-request"
    return {
        "suggested number": flaw.pk, "suggested-ask number": flaw.pk, "suggested-pull number": flaw.pk, "suggested-pull patch": row.pk,
        f"{HERE} reference": flaw.reference, f"{one} reference": flaw.reference, f"{pull} reference": flaw.reference,
        f"{one} number": row.pk, f"{pull} number": row.pk,
    }  # fmt: skip


def body(name: str, method: str) -> dict[str, Any]:
    """Return what to send."""
    sent: dict[tuple[str, str], dict[str, Any]] = {
        ("suggested-pull", "POST"): {"unverified": "yes"},
        ("/issues/{reference}/suggestions/{number}/pull-request", "POST"): {"unverified": True},
    }
    return sent.get((name, method), {})
