"""Dangerous acts ask again who is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from seamark.store.models import User

View = Callable[..., HttpResponseBase]


def fresh(view: View) -> View:
    """Let a view through only if its person proved within the last ten minutes to be there: at the log-in, or when asked.

    Otherwise the person is asked for password, code or passkey; a form that was sent is carried out afterwards.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not is_fresh(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return answer


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether a person proved lately to be there. Whoever has nothing to prove it with but a provider is believed."""
    person = request.user
    if not isinstance(person, User):
        return False
    if not get_reauthentication_flows(person):
        return True
    proofs = get_authentication_records(request, person)
    last = max((one["at"] for one in proofs), default=0)
    return bool(time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
