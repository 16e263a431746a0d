"""Who may log in with a password."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from seamark.pipeline.signon.emergency import may_log_in_here
from seamark.store.models import User


class PasswordBackend(AuthenticationBackend):  # type: ignore[misc]
    """Checks passwords, and is the last to do so: nobody is asked after it."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """Return whose password it is. Raises `PermissionDenied` for a wrong one, or where passwords let nobody in."""
        if not credentials.get("password"):
            return None
        user: User | None = super().authenticate(request, **credentials)
        # A right password of somebody who is switched off is answered like a wrong one.
        self.unstash_authenticated_user()
        if user is None or user.is_service or not may_log_in_here(user):
            raise PermissionDenied
        return user
