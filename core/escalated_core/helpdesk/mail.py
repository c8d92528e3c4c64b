"""The mail backend of the help desk."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from django.core.mail import EmailMessage
from django.core.mail.backends import locmem, smtp

from escalated_core.scope import CURRENT


class EmailBackend(smtp.EmailBackend):
    """Django's own, for mail of plugins; all mail is in `django.core.mail.outbox` as well."""

    def send_messages(self, email_messages: Iterable[EmailMessage]) -> int:
        messages = list(email_messages)
        sent = len(messages) if CURRENT.get() is None else super().send_messages(messages)
        if sent:
            locmem.EmailBackend().send_messages([_alone(message) for message in messages])
        return sent or 0


def _alone(message: EmailMessage) -> EmailMessage:
    """The message without its connection, which cannot be copied."""
    alone = copy.copy(message)
    alone.connection = None
    return alone
