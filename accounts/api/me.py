"""The caller and its rights."""

from typing import Any, cast

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import ApiRequest
from accounts.models import Account, ApiKey, User
from seatportal.api.schema import operation
from seatportal.api.view import ApiView


class CallerSerializer(serializers.Serializer[Any]):
    """An API key, an OAuth client by its token, or a person in the browser."""

    kind = serializers.ChoiceField(choices=["api_key", "oauth_client", "person"])
    id = serializers.CharField()
    name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)


class AccountSerializer(serializers.Serializer[Account]):
    """The account that the caller works in."""

    id = serializers.CharField(source="public_id")
    slug = serializers.CharField()
    name = serializers.CharField()
    locale = serializers.CharField()
    time_zone = serializers.CharField()


class MeSerializer(serializers.Serializer[Any]):
    """Who calls. `account` is null for a person with several accounts who has named none."""

    caller = CallerSerializer()
    account = AccountSerializer(allow_null=True)
    role = serializers.CharField(allow_null=True)
    capabilities = serializers.ListField(child=serializers.CharField())


class Me(ApiView):
    """GET /api/v1/me"""

    required_capability = None

    @operation("getMe", tag="me", summary="Who am I, and what may I do?", answers={200: MeSerializer})
    def get(self, request: Request) -> Response:
        """The caller, its account and its capabilities: for a key its scopes, for a person those of the role."""
        caller = cast(ApiRequest, request)
        return Response(
            MeSerializer(
                {
                    "caller": _caller(request),
                    "account": caller.account,
                    "role": caller.membership.role if caller.membership else None,
                    "capabilities": sorted(caller.capabilities),
                }
            ).data
        )


def _caller(request: Request) -> dict[str, str | None]:
    if isinstance(request.auth, ApiKey):
        key = request.auth
        kind = "oauth_client" if key.is_oauth_client else "api_key"
        return {"kind": kind, "id": key.public_id, "name": key.name, "email": None}
    user = cast(User, request.user)
    return {"kind": "person", "id": user.public_id, "name": user.get_full_name(), "email": user.email}
