"""The entrance of the API: a key, or a browser's session; then the capability that the view names."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.access.roles import capabilities_of
from accounts.errors import AccountNotFound, AccountNotNamed, CapabilityMissing, SsoNeeded
from accounts.keys.authenticate_key import authenticate_key
from accounts.models import Account, ApiKey, Membership, User
from accounts.sso.wall import wall_of
from seatportal.kit.clock import now

if TYPE_CHECKING:
    # DRF's views import this module while they are being imported: the settings name it.
    from rest_framework.views import APIView

ACCOUNT_HEADER = "Seat-Portal-Account"


class ApiRequest(Request):
    """A request that has passed the entrance. `account` is None only where the view needs no capability."""

    account: Account | None
    membership: Membership | None
    capabilities: frozenset[str]


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sp_live_…`. The key's account and scopes; no user."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        """Nothing without such a header; 401 when the key is unknown, ended or revoked."""
        secret = bearer_of(request.headers.get("Authorization", ""))
        if secret is None:
            return None
        key = authenticate_key(secret, now())
        if key is None:
            raise AuthenticationFailed(_("This API key or token is unknown, revoked or has ended."))
        caller = cast(ApiRequest, request)
        caller.account, caller.membership, caller.capabilities = key.account, None, frozenset(key.scopes)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """Makes a refusal a 401 instead of a 403."""
        return 'Bearer realm="api"'


def bearer_of(header: str) -> str | None:
    """The secret in an Authorization header of that scheme."""
    scheme, _space, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


class BrowserSessionAuthentication(SessionAuthentication):
    """A signed-in browser, with CSRF. The account is named by a header, or is the only one."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """Nothing for a visitor; 404 for an account that the person is not in."""
        found = super().authenticate(request)
        if found is None:
            return None
        caller = cast(ApiRequest, request)
        membership = _membership(cast(User, found[0]), request.headers.get(ACCOUNT_HEADER, ""))
        if membership is not None and wall_of(request._request, membership) is not None:
            raise SsoNeeded
        caller.membership = membership
        caller.account = membership.account if membership else None
        caller.capabilities = capabilities_of(membership.role) if membership else frozenset()
        return found[0], None


class GuardedView(Protocol):
    """What a view of ours says about itself."""

    required_capability: str | Mapping[str, str | None] | None


class HasCapability(BasePermission):
    """Reads `view.required_capability`: a capability, None for any caller, or one of these by method.

    A view that does not say is closed.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Anonymous: False, which DRF turns into a 401. A caller without the capability: 403 that names it."""
        if request.user is None and request.auth is None:
            return False
        rule = cast("GuardedView", view).required_capability
        method = "GET" if request.method == "HEAD" else str(request.method)
        needed = rule[method] if isinstance(rule, Mapping) else rule
        caller = cast(ApiRequest, request)
        if needed is None:
            return True
        if caller.account is None:
            raise AccountNotNamed
        require(request, needed)
        return True


def require(request: Request, capability: str) -> None:
    """For what a body asks on top of the endpoint's own capability. Raises CapabilityMissing, which names it."""
    if capability not in cast(ApiRequest, request).capabilities:
        raise CapabilityMissing(capability=capability)


def _membership(user: User, slug: str) -> Membership | None:
    mine = Membership.objects.filter(user=user, left_at__isnull=True, account__closed_at__isnull=True).select_related(
        "account__sso", "user"
    )
    if slug:
        named = mine.filter(account__slug=slug).first()
        if named is None:
            raise AccountNotFound
        return named
    few = list(mine[:2])
    return few[0] if len(few) == 1 else None
