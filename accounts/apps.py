"""WHO: accounts, people, roles, keys."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """The lowest app: it knows nothing of money or seats."""

    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Listen for the start and end of impersonation, and for who joins."""
        from accounts import receivers  # noqa: F401  models must be loaded first
        from accounts.access import impersonation  # noqa: F401
