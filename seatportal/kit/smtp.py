"""What a mail is told apart by, and what a mail server's answer means."""

from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings


def message_id(name: str) -> str:
    """The Message-ID of what a row stands for (RFC 5322 §3.6.4).

    The same each time: where a process dies between the mail server's answer and noting it, the second mail bears the
    first one's id, by which many mail systems show it once.
    """
    return f"<{name}@{urlsplit(settings.SITE_URL).hostname}>"


def refused_for_good(error: Exception) -> bool:
    """Whether the addresses are refused for ever; with a code below 500 the server says: later (RFC 5321 §4.2.1)."""
    return isinstance(error, SMTPRecipientsRefused) and all(code >= 500 for code, _ in error.recipients.values())
