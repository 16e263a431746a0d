"""Where other services call back: changed tickets and pressed buttons. Their signature is their only way in."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from seamark.core.errors import SeamarkError
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.notices import buttons
from seamark.pipeline.outbox.connections import called_back
from seamark.pipeline.tickets import hearing
from seamark.response.actions.contract import Change, Pressed

router = Router(auth=None)
LARGEST: Final = 1_000_000
"""Bytes of a call-back."""


@router.post(
    "/callbacks/{str:secret}", response={204: None, **declared(403, 404, 413)}, auth=None, summary="Take a call-back"
)
def take_callback(request: HttpRequest, secret: str) -> HttpResponse:
    """Take what a connected service tells, after its signature was checked."""
    if (
        not (request.META.get("CONTENT_LENGTH") or "0").isdigit()
        or int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST
    ):
        raise Refusal(413, "A call-back is smaller than that", type="too-large")
    body, now = request.body, timezone.now()
    try:
        found = called_back(secret, dict(request.headers), body, now)
    except SeamarkError:
        # Whoever is not let in is not told why.
        raise Refusal(403, "The signature is not good, or too old", type="not-allowed") from None
    if found is None:
        raise Refusal(404, "There is nothing at this address", type="not-found")
    connection, told = found
    hearing.take(connection, [one for one in told if isinstance(one, Change)], now)
    buttons.press(connection, [one for one in told if isinstance(one, Pressed)], sha256(body).hexdigest())
    return HttpResponse(status=204)
