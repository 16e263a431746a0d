"""Writes that may be sent twice (`Idempotency-Key`), and writes that must not overtake another (`If-Match`)."""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.http import parse_etags

from seamark.interfaces.api.problems import Refusal
from seamark.pipeline import once as once_only
from seamark.pipeline.once import Claim
from seamark.store.models import SentRequest, User

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_LARGEST: Final = 5 * 1024 * 1024
"""Bytes of an answer that is kept."""
_HEADERS: Final = ("Content-Type", "Location", "ETag")
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
View = Callable[..., Any]


def once(view: View) -> View:
    """Return an endpoint that knows `Idempotency-Key` and `If-Match`; those that read, and those with a key of their own, are left alone."""
    own = "idempotency_key" in inspect.signature(view).parameters

    @functools.wraps(view)
    def carried_out(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method in SAFE:
            return view(request, *args, **kwargs)
        key = None if own else request.headers.get("Idempotency-Key")
        person = getattr(getattr(request, "auth", None), "person", None)
        if key is None or not isinstance(person, User):
            return _unless_changed(request, lambda: view(request, *args, **kwargs))
        row, earlier = _claimed(person, key, _fingerprint(request))
        if earlier is not None:
            return earlier
        try:
            with transaction.atomic():
                result = _unless_changed(request, lambda: view(request, *args, **kwargs))
                _keep(row, result)
        except BaseException:
            # What failed has changed nothing: the same request may be sent again.
            row.delete()
            raise
        return result

    return carried_out


def _claimed(person: User, key: str, fingerprint: str) -> tuple[SentRequest, HttpResponse | None]:
    """Return the row of a request that is to be carried out now, or the answer that it got before. Raises `Refusal`."""
    if not _KEY.fullmatch(key):
        raise Refusal(
            422, "An Idempotency-Key has 1 to 255 printable characters without blanks", type="invalid-request"
        )
    row, claim = once_only.claim(person, key, fingerprint)
    if claim is Claim.OTHER:
        raise Refusal(422, "This Idempotency-Key was used before, for another request", type="idempotency-key-reused")
    if claim is Claim.ANSWERED:
        headers = {**row.headers, "Idempotent-Replayed": "true"}
        return row, HttpResponse(bytes(row.body), status=row.status, headers=headers)
    if claim is Claim.BUSY:
        raise Refusal(
            409, "This request is being carried out; ask again in a moment", type="in-progress", headers={"Retry-After": "1"}
        )  # fmt: skip
    return row, None


def _keep(row: SentRequest, result: Any) -> None:
    """Keep a success; everything else may be asked for again."""
    whole = isinstance(result, HttpResponse) and result.status_code < 400 and len(result.content) <= _LARGEST
    if not whole:
        row.delete()
        return
    headers = {name: result[name] for name in _HEADERS if name in result}
    once_only.keep(row, result.status_code, headers, result.content)


def _fingerprint(request: HttpRequest) -> str:
    told = sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not (request.content_type or "").startswith("multipart/"):
        told.update(request.body)
        return told.hexdigest()
    for name, values in sorted(request.POST.lists()):
        told.update(repr((name, values)).encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            told.update(repr((name, file.name)).encode())
            for piece in file.chunks():
                told.update(piece)
            file.seek(0)
    return told.hexdigest()


def _unless_changed(request: HttpRequest, act: Callable[[], Any]) -> Any:
    """Carry a write out, where the object is still as the client knows it. Raises `Refusal`."""
    known = request.headers.get("If-Match")
    if known is None:
        return act()
    with transaction.atomic():
        _locked(request.path_info)
        _compare(request, known)
        return act()


def _locked(path: str) -> None:
    """Let one such write at a time see to an object. SQLite has one writer at a time anyway, from the first statement on."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for one in (_parent(path), path):
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [f"api {one}"])


def _compare(request: HttpRequest, known: str) -> None:
    response = _shown(request)
    if response is None or response.status_code == 404:
        return
    if response.status_code != 200:
        raise Refusal(403, "If-Match compares with what you may read, and you may not read this", type="not-allowed")
    wanted = parse_etags(known)
    if "*" not in wanted and response.get("ETag", "") not in wanted:
        raise Refusal(412, "This has changed since you read it; read it again", type="changed")


def _shown(request: HttpRequest) -> HttpResponseBase | None:
    """Return the object as this person would read it, None where nothing of that address can be read.

    An action such as `/assets/7/owners` that has nothing to read is about `/assets/7`.
    """
    for path in (request.path_info, _parent(request.path_info)):
        try:
            found = resolve(path)
        except Resolver404:
            continue
        reading = copy.copy(request)
        reading.method, reading.path_info, reading.GET = "GET", path, QueryDict()
        reading.META = {name: value for name, value in request.META.items() if not name.startswith("HTTP_IF_")}
        reading.__dict__.pop("headers", None)
        response: HttpResponseBase = found.func(reading, *found.args, **found.kwargs)
        if response.status_code != 405:
            return response
    return None


def _parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0]
