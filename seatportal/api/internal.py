"""The base of the vendor's own endpoints, and their description."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from accounts.access.internal import HasStaffPermission, StaffKeyAuthentication
from accounts.models import StaffKey
from seatportal.api.throttling import PerCallerThrottle
from seatportal.api.view import ApiView

PREFIX = "/api/internal/"


class StaffKeyThrottle(PerCallerThrottle):
    """One bucket per staff key; strangers are counted by address."""

    def caller(self, request: Request) -> str:
        """Apart from customers' keys, which have numbers of their own."""
        if isinstance(request.auth, StaffKey):
            return f"staff-key:{request.auth.pk}"
        return super().caller(request)


class InternalView(ApiView):
    """Says which permission of Django's it needs; all accounts are behind it."""

    required_capability = None
    required_permission: str | Mapping[str, str]
    authentication_classes = [StaffKeyAuthentication]
    permission_classes = [HasStaffPermission]
    throttle_classes = [StaffKeyThrottle]


class InternalSchema(SpectacularAPIView):
    """The description of the vendor's own API, for whoever has a staff key."""

    authentication_classes = [StaffKeyAuthentication]
    permission_classes = [HasStaffPermission]
    throttle_classes = [StaffKeyThrottle]
    required_permission = None
    custom_settings = {
        "TITLE": "Seat Portal: the vendor's own API",
        "DESCRIPTION": "Signals, tasks and metrics of all accounts, for tools of the account team.",
        "SCHEMA_PATH_PREFIX": r"/api/internal/v1",
        "PREPROCESSING_HOOKS": ["seatportal.api.internal.for_staff"],
    }


class StaffKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A key that a member of staff made in Django admin."""

    target_class = "accounts.access.internal.StaffKeyAuthentication"
    name = "staffKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """As a bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "A staff key: spi_live_… or spi_test_…"}


type Endpoint = tuple[str, str, str, Callable[..., Any]]


def for_customers(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """drf-spectacular's hook: what integrators of customers read."""
    return [one for one in endpoints if not one[0].startswith(PREFIX)]


def for_staff(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """drf-spectacular's hook: what the vendor's own tools read."""
    return [one for one in endpoints if one[0].startswith(PREFIX)]
