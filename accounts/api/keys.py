"""API keys and OAuth clients: list, issue (shown once), rotate, revoke."""

from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.roles import CAPABILITIES
from accounts.errors import KeyGone, KeyRefused
from accounts.keys.issue_api_key import issue_api_key
from accounts.keys.queries import keys_of
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.keys.rotate_api_key import LONGEST_OVERLAP, rotate_api_key
from accounts.models import ApiKey
from seatportal.api.fields import Input, Moment, PageQuery, Text, WholeNumber, checked
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

SCOPES = list(CAPABILITIES)
KINDS = ["api_key", "oauth_client"]
ONCE = "The key or the client's secret, in this answer only; null when it is repeated by its Idempotency-Key."


class NewKeySerializer(Input):
    """What it may, and until when."""

    name = Text(max_length=80, help_text="Who or what uses it.")
    kind = serializers.ChoiceField(
        choices=KINDS,
        required=False,
        default="api_key",
        help_text="`api_key`: its text is sent with each request. `oauth_client`: an id and a secret for tokens.",
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES), help_text="Some of yours."
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="ISO 8601. Without it the key works until revoked."
    )


class RotationSerializer(Input):
    """How long both work."""

    overlap_hours = WholeNumber(
        required=False,
        default=24,
        min_value=0,
        max_value=int(LONGEST_OVERLAP / timedelta(hours=1)),
        help_text="Hours that the old key still works; 0: it ends at once.",
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="The new key's end. Without it: until revoked."
    )


class KeySerializer(serializers.Serializer[ApiKey]):
    """One key, without its secret part."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    kind = serializers.SerializerMethodField()
    prefix = serializers.CharField(help_text="How it begins; the client's id (`client_id`) for an OAuth client.")
    live = serializers.BooleanField(source="is_live", help_text="Whether real money can move behind it.")
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = Moment()
    created_by = serializers.CharField(
        source="created_by.public_id", default=None, allow_null=True, help_text="The member who answers for it."
    )
    last_used_at = Moment(allow_null=True, help_text="To the minute.")
    expires_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)
    replaces = serializers.CharField(
        source="replaces.public_id", default=None, allow_null=True, help_text="The key that it was rotated from."
    )

    @extend_schema_field(serializers.ChoiceField(choices=KINDS))
    def get_kind(self, key: ApiKey) -> str:
        """What a program shows."""
        return "oauth_client" if key.is_oauth_client else "api_key"


class ShownKeySerializer(KeySerializer):
    """A new key, this once with its text."""

    secret = serializers.CharField(allow_null=True, help_text=ONCE)


class Keys(ApiView):
    """GET and POST /api/v1/api-keys"""

    required_capability = "keys.manage"

    @operation("listApiKeys", tag="keys", summary="API keys", query=PageQuery, answers={200: KeySerializer(many=True)})
    def get(self, request: Request) -> Response:
        """All keys of the account, also ended ones, the newest first."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(keys_of(self.account), KeySerializer)

    @operation(
        "createApiKey",
        tag="keys",
        summary="Issue an API key or an OAuth client",
        body=NewKeySerializer,
        answers={201: ShownKeySerializer},
        problems=[KeyRefused],
        examples={
            "Directory sync": {"name": "Directory sync", "scopes": ["seats.view", "seats.assign"]},
            "OAuth client": {"name": "Data platform", "kind": "oauth_client", "scopes": ["seats.view"]},
        },
    )
    @idempotent(secret="secret")
    def post(self, request: Request) -> Response:
        """A key can pass on its own scopes, and no more time than it has itself."""
        values = checked(NewKeySerializer, request.data)
        key, secret = issue_api_key(
            account=self.account,
            membership=self.membership,
            actor=self.actor,
            at=now(),
            oauth=values.pop("kind") == "oauth_client",
            **values,
        )
        return Response(_shown(key, secret), status=201)


class OneKey(ApiView):
    """GET /api/v1/api-keys/{key_id}"""

    required_capability = "keys.manage"

    @operation("getApiKey", tag="keys", summary="One API key", answers={200: KeySerializer})
    def get(self, request: Request, key_id: str) -> Response:
        """Also an ended one."""
        return Response(KeySerializer(_find(self, key_id)).data)


class KeyRotation(ApiView):
    """POST /api/v1/api-keys/{key_id}/rotate"""

    required_capability = "keys.manage"

    @operation(
        "rotateApiKey",
        tag="keys",
        summary="Rotate an API key",
        body=RotationSerializer,
        answers={201: ShownKeySerializer},
        problems=[KeyGone, KeyRefused],
        examples={"A week to change over": {"overlap_hours": 168}},
    )
    @idempotent(secret="secret")
    def post(self, request: Request, key_id: str) -> Response:
        """A new key of the same name and scopes; the old one works until the overlap is over. A key may rotate
        itself. An OAuth client's successor has an id of its own as well."""
        found = _find(self, key_id)
        values = checked(RotationSerializer, request.data)
        key, secret = rotate_api_key(
            account=self.account,
            key=found,
            overlap=timedelta(hours=values["overlap_hours"]),
            expires_at=values["expires_at"],
            membership=self.membership,
            actor=self.actor,
            at=now(),
        )
        return Response(_shown(key, secret), status=201)


class KeyRevocation(ApiView):
    """POST /api/v1/api-keys/{key_id}/revoke"""

    required_capability = "keys.manage"

    @operation("revokeApiKey", tag="keys", summary="Revoke an API key", answers={200: KeySerializer})
    @idempotent()
    def post(self, request: Request, key_id: str) -> Response:
        """It is refused from the next request on; a second time changes nothing."""
        revoked = revoke_api_key(account=self.account, key=_find(self, key_id), actor=self.actor, at=now())
        return Response(KeySerializer(revoked).data)


def _find(view: ApiView, key_id: str) -> ApiKey:
    return get_object_or_404(keys_of(view.account), public_id=key_id)


def _shown(key: ApiKey, secret: str) -> dict[str, Any]:
    return {**KeySerializer(key).data, "secret": secret}
