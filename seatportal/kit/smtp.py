"""What a mail server's answer means."""

from smtplib import SMTPRecipientsRefused


def refused_for_good(error: Exception) -> bool:
    """Whether the addresses are refused for ever; with a code below 500 the server says: later (RFC 5321 §4.2.1)."""
    return isinstance(error, SMTPRecipientsRefused) and all(code >= 500 for code, _ in error.recipients.values())
