"""The entrance of the vendor's own API: a staff key, then the permission that the view names."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.access.api import bearer_of
from accounts.errors import CapabilityMissing
from accounts.keys.staff_keys import authenticate_staff_key, may
from accounts.models import StaffKey, User
from seatportal.kit.clock import now

if TYPE_CHECKING:
    from rest_framework.views import APIView


class StaffKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer spi_live_…`: the person who made the key, and the key."""

    def authenticate(self, request: Request) -> tuple[User, StaffKey] | None:
        """Nothing without such a header; 401 when the key is unknown, ended, revoked, or its person gone."""
        secret = bearer_of(request.headers.get("Authorization", ""))
        if secret is None:
            return None
        key = authenticate_staff_key(secret, now())
        if key is None:
            raise AuthenticationFailed(_("This staff key is unknown, revoked or has ended."))
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """Makes a refusal a 401 instead of a 403."""
        return 'Bearer realm="internal"'


class InternalGuarded(Protocol):
    """What a view of the vendor's API says about itself."""

    required_permission: str | Mapping[str, str] | None


class HasStaffPermission(BasePermission):
    """Reads `view.required_permission`: one of Django's permissions, one per method, or None for any staff key."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """No key: False, which DRF turns into a 401. Without the permission: 403 that names it."""
        if not isinstance(request.auth, StaffKey):
            return False
        rule = cast("InternalGuarded", view).required_permission
        if rule is None:
            return True
        needed = rule if isinstance(rule, str) else rule["GET" if request.method == "HEAD" else str(request.method)]
        if needed not in request.auth.permissions or not may(request.auth.user, needed):
            raise CapabilityMissing(capability=needed)
        return True
