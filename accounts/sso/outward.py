"""Asking DNS and providers on somebody's wish has a rate of its own: we are no tool to knock on others' doors with."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from seatportal.api.throttling import count_request
from seatportal.kit.errors import PortalError


class TooManyLooks(PortalError):
    """An account had more domains or providers looked at than anybody needs who sets them up."""

    code = "throttled"
    status = 429
    message = _("Too many attempts. Wait a moment, then try again.")

    def __init__(self, *, wait: int) -> None:
        super().__init__()
        self.retry_after = wait


def count_look(account: Account) -> None:
    """Count one look outside, before it. Raises TooManyLooks; where the cache cannot be asked, nothing is refused."""
    counted = count_request("looks", f"account:{account.pk}")
    if counted is not None and not counted[1]:
        raise TooManyLooks(wait=counted[0].reset)
