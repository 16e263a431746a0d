"""What the outbox's tests have, for messages."""

from tests.outbox.conftest import connect, far

__all__ = ["connect", "far"]
