"""The webhook that Kubernetes asks before it lets something run. Its form is Kubernetes', not that of the API."""

from __future__ import annotations

import logging
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from seamark.core.errors import SeamarkError
from seamark.interfaces.api.problems import problem
from seamark.pipeline.deployment.decide import decide
from seamark.pipeline.deployment.review import read_review, written
from seamark.pipeline.deployment.words import audited, refusal, warnings
from seamark.pipeline.people import TOKEN_PREFIX, live_token
from seamark.store.access import visible_to
from seamark.store.models import Token

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of a review: an API server sends two objects, each of which it limits to 3 MB."""
SCOPES: Final = frozenset({"gate", "import", "write"})
_LOGGER: Final = logging.getLogger("seamark.admission")


@csrf_exempt
@login_not_required
def validate(request: HttpRequest, first: str = "", second: str = "") -> HttpResponse:
    """Answer an AdmissionReview. The path may end with the name of the cluster, and with a token where no header can be sent."""
    if request.method != "POST":
        return problem(405, "Only POST works here", headers={"Allow": "POST"})
    cluster, inline = (first, second) if not first.startswith(TOKEN_PREFIX) else ("", first)
    token = _token(request, inline)
    if token is None or not SCOPES.intersection(token.scopes):
        return problem(
            401, "This needs a token with the scope gate", headers={"WWW-Authenticate": 'Bearer realm="Seamark"'}
        )
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or int(length) > LARGEST:
        return problem(413, f"A review has at most {LARGEST // 1024**2} MB, and says how many")
    try:
        data = request.read(LARGEST + 1)
        return HttpResponse(_answer(data, cluster, token), content_type="application/json")
    except SeamarkError as error:
        return problem(400, str(error))
    except Exception:  # whatever fails here is for `failurePolicy` to judge, and for us to mend
        _LOGGER.exception("A review could not be answered")
        return problem(500, "Something went wrong on our side; the server's log has the details")


def _token(request: HttpRequest, inline: str) -> Token | None:
    header = request.headers.get("Authorization")
    if header is None:
        return live_token(inline) if inline else None
    scheme, _, text = header.partition(" ")
    return live_token(text.strip()) if scheme.lower() == "bearer" else None


def _answer(data: bytes, cluster: str, token: Token) -> bytes:
    review = read_review(data, cluster=cluster)
    if review.refused:
        return written(review.uid, allowed=False, message=f"Seamark refuses this deployment. {review.refused}")
    visible = visible_to(token.user)
    several = [decide(visible, one, person=token.user, dry=review.dry_run) for one in review.subjects]
    allowed = all(one.allowed for one in several)
    return written(
        review.uid, allowed=allowed, message="" if allowed else refusal(several, settings.SEAMARK_PUBLIC_URL), warnings=warnings(several),
        annotations=audited(several),
    )  # fmt: skip


urlpatterns = [
    path("validate", validate, name="admission"),
    path("validate/<str:first>", validate),
    path("validate/<str:first>/<str:second>", validate),
]
