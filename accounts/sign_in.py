"""How allauth's sign-in meets our users and invitations."""

from typing import Any, ClassVar, cast

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, gettext_noop

from accounts.access.actor import client_ip
from accounts.members.invitations import open_by_token
from accounts.models import Invitation, User
from seatportal.kit.clock import now

log = structlog.get_logger(__name__)
SESSION_KEY = "invitation_token"

# allauth says these informally in German or Spanish. Named here, they are in our catalogues, which Django asks first.
SAID_FORMALLY = (
    gettext_noop("Too many failed login attempts. Try again later."),
    gettext_noop("You cannot add more than %d email addresses."),
    gettext_noop("You cannot generate recovery codes without having two-factor authentication enabled."),
    gettext_noop("You cannot remove your primary email address."),
    gettext_noop("You cannot remove your primary email address (%(email)s)."),
    gettext_noop("You have confirmed %(email)s."),
    gettext_noop("You have signed out."),
    gettext_noop("You must type the same password each time."),
    gettext_noop("Your password has been changed."),
    gettext_noop("Your primary email address must be verified."),
)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Fills our user's fields at sign-up and keeps a broken mail server from breaking the page."""

    error_messages: ClassVar[dict[str, str | Promise]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("The e-mail address or the password is wrong."),
        "enter_current_password": gettext_lazy("This is not your current password."),
        "select_only_one": gettext_lazy("Choose one only."),
        "rate_limited": gettext_lazy("Too many attempts. Wait a moment, then try again."),
    }

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
