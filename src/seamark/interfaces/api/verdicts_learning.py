"""What people's verdicts suggest about findings that nobody has looked at."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from seamark.interfaces.api.answers import Answer, answer
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.problems import declared
from seamark.pipeline.automation.learned import Learned, draft, learned

router = Router()


class VerdictQuality(Answer):
    """How good such suggestions were: each verdict guessed from all the others."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int
    precision: float | None
    recall: float | None
    mcc: float | None = Field(description="Matthews' correlation, -1 to 1.")


class VerdictSuggestion(Answer):
    """Open issues that are likely to be false positives."""

    sentence: str
    tool: str
    rule: str
    paths: str
    wrong: int
    verdicts: int
    bound: float = Field(description="The least share of false positives, with 95 % confidence.")
    evidence: list[str]
    against: list[str]
    issues: list[str]
    number: int
    draft: str = Field(description="A triage rule that would do it, for you to change and save.")


class VerdictLearning(Answer):
    """What the verdicts that you may see come to. Nothing is closed by it."""

    verdicts: int
    quality: VerdictQuality
    suggestions: list[VerdictSuggestion]


@router.get("/verdict-suggestions", response={200: VerdictLearning, **declared()}, summary="Likely false positives")
def list_verdict_suggestions(request: HttpRequest) -> HttpResponse:
    """List what people's verdicts suggest, with the evidence and how good such suggestions are."""
    return answer(_told(learned(actor_of(request).seen)))


def _told(found: Learned) -> dict[str, Any]:
    measured = found.quality
    return {
        "verdicts": found.verdicts,
        "quality": {
            "true_positive": measured.true_positive, "false_positive": measured.false_positive, "true_negative": measured.true_negative,
            "false_negative": measured.false_negative, "precision": measured.precision, "recall": measured.recall, "mcc": measured.mcc,
        },
        "suggestions": [
            {
                "sentence": one.sentence, "tool": one.tool, "rule": one.rule, "paths": one.paths, "wrong": one.wrong, "verdicts": one.verdicts,
                "bound": one.bound, "evidence": one.evidence, "against": one.against, "issues": one.issues, "number": one.number, "draft": draft(one),
            }
            for one in found.suggestions
        ],
    }  # fmt: skip
