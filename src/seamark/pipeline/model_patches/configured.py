"""Which model may be asked, and how often: from the settings."""

from __future__ import annotations

from django.conf import settings

from seamark.core.errors import NotAllowed
from seamark.intake.connectors.completions import Endpoint
from seamark.pipeline.model_patches.budget import Limits
from seamark.response.remediation.model_patches.prompt import MOST_LINES

OFF = "No model is set up here: SEAMARK_MODEL_URL and SEAMARK_MODEL_NAME name one"


def is_on() -> bool:
    """Tell whether a model is set up."""
    return bool(settings.SEAMARK_MODEL_URL and settings.SEAMARK_MODEL_NAME)


def endpoint() -> Endpoint:
    """Return the model. Raises `NotAllowed` where none is set up."""
    if not is_on():
        raise NotAllowed(OFF)
    return Endpoint(
        url=settings.SEAMARK_MODEL_URL, model=settings.SEAMARK_MODEL_NAME, key=settings.SEAMARK_MODEL_KEY,
        seconds=float(settings.SEAMARK_MODEL_SECONDS), internal=tuple(settings.SEAMARK_INTERNAL_HOSTS),
    )  # fmt: skip


def limits() -> Limits:
    """Return what a day allows."""
    return Limits(settings.SEAMARK_MODEL_CALLS, settings.SEAMARK_MODEL_TOKENS)


def lines() -> int:
    """Return how many lines of a file are shown."""
    return min(int(settings.SEAMARK_MODEL_LINES), MOST_LINES)


def name() -> str:
    """Return what the model is called, empty where none is set up."""
    return str(settings.SEAMARK_MODEL_NAME) if is_on() else ""
