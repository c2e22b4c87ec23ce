"""Links that act for one person without a sign-in: signed when they are sent, so that no table holds a key."""

from datetime import timedelta

from django.core import signing


def sign(purpose: str, text: str) -> str:
    """`text` with a signature and the time, safe in a URL. purpose: keeps uses apart."""
    return signing.TimestampSigner(salt=f"link:{purpose}").sign(text).replace(":", "~")


def unsign(purpose: str, token: str, *, within: timedelta) -> str | None:
    """The text, or None for a token that is not ours, is for another purpose, or is too old."""
    try:
        return signing.TimestampSigner(salt=f"link:{purpose}").unsign(token.replace("~", ":"), max_age=within)
    except signing.BadSignature:
        return None
