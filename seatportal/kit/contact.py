"""Whom customers talk to: the vendor's account team, as it is set up."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email


def is_mail(value: str) -> bool:
    """Whether it is a mail address."""
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True


def is_page(value: str) -> bool:
    """Whether it is the address of a web page."""
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError:
        return False
    return True


def account_team() -> dict[str, str]:
    """url: what a link opens; text: what it says; mail: where an answer goes, if that is a mail address. Or empty."""
    value = settings.ACCOUNT_TEAM
    if is_mail(value):
        return {"url": f"mailto:{value}", "text": value, "mail": value}
    return {"url": value, "text": value.partition("://")[2].rstrip("/"), "mail": ""} if is_page(value) else {}
