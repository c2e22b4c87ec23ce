"""How allauth's sign-in meets our users and invitations."""

from typing import Any, cast

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.access.actor import client_ip
from accounts.members.invitations import open_by_token
from accounts.models import Invitation, User
from seatportal.kit.clock import now

log = structlog.get_logger(__name__)
SESSION_KEY = "invitation_token"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Fills our user's fields at sign-up and keeps a broken mail server from breaking the page."""

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Keep the name, and the language the visitor reads."""
        user.name = form.cleaned_data.get("name", "").strip()
        user.locale = (get_language() or "en").partition("-")[0]
        return cast(User, super().save_user(request, user, form, commit))

    def get_client_ip(self, request: HttpRequest) -> str:
        """For allauth's rate limits: the same address as in our trail, also behind our own proxy."""
        return client_ip(request) or super().get_client_ip(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once: a code is waited for. When the mail server fails, the page stands and offers to send again."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # smtplib's errors are OSErrors too
            log.error("mail_not_sent", template=template_prefix, error=type(error).__name__)


def keep_invitation(request: HttpRequest, token: str) -> None:
    """Remember the invitation while a new person signs up."""
    request.session[SESSION_KEY] = token


def kept_invitation(request: HttpRequest) -> tuple[Invitation, str] | None:
    """The invitation that this visitor came by, while it is open, and its token."""
    token = request.session.get(SESSION_KEY, "")
    invitation = open_by_token(token, at=now())
    return (invitation, token) if invitation else None
