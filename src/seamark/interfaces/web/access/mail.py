"""What stands in for a mail server where none is configured."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

_logger = logging.getLogger("seamark.mail")


class UnsentBackend(BaseEmailBackend):
    """Sends nothing and says so in the log: the subject only, since a text may hold a link that lets somebody in."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Return 0, how many were sent."""
        for message in email_messages:
            _logger.warning(
                "No mail is configured (SEAMARK_MAIL_URL); %r for %d recipients is not sent",
                message.subject,
                len(message.recipients()),
            )
        return 0
