"""Identity providers of an account: set up, switch, delete. Testing one takes a person who signs in by it."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ConnectionRefused
from accounts.models import SsoConnection
from accounts.sso.connections import delete_connection, lock_connection, save_oidc, save_saml, switch_connection
from accounts.sso.queries import connections_of
from seatportal.api.conditions import refuse_if_changed, unchanged
from seatportal.api.fields import Input, Moment, PageQuery, Text, checked
from seatportal.api.headers import etag_of
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

OIDC, SAML = str(SsoConnection.Kind.OIDC), str(SsoConnection.Kind.SAML)
KINDS = [OIDC, SAML]
FIELDS = {OIDC: ("issuer", "client_id", "secret"), SAML: ("metadata_url", "metadata_xml")}
SET = (
    *("public_id", "name", "issuer", "client_id", "secret_sealed", "metadata_url", "entity_id", "sso_url"),
    *("certificates", "tested_at", "enabled_at"),
)
EXAMPLE = {"name": "Okta", "issuer": "https://login.idp.example", "client_id": "0oa1", "secret": "…"}


class ConnectionInput(Input):
    """Of an OpenID provider `issuer`, `client_id` and `secret`; of a SAML one its metadata, by address or as text."""

    name = Text(max_length=80, help_text="People read it on the sign-in button.")
    issuer = Text(required=False, max_length=500, help_text="The address of your own tenant.")
    client_id = Text(required=False, max_length=190)
    secret = Text(
        required=False, max_length=500, help_text="Never shown again. Of a change: without it the old one stays."
    )
    metadata_url = Text(required=False, max_length=500, help_text="Wins over the text.")
    metadata_xml = Text(required=False, max_length=200_000)

    def of_kind(self, kind: str, attrs: dict[str, Any]) -> dict[str, Any]:
        """Those of the protocol, with what is missing said. Raises ValidationError for the other protocol's fields."""
        theirs = FIELDS[SAML if kind == OIDC else OIDC]
        wrong = {name: [self.error_messages["unknown"]] for name in theirs if name in attrs}
        if kind == OIDC:
            missing = [name for name in ("issuer", "client_id") if name not in attrs]
            wrong |= {name: [self.fields[name].error_messages["required"]] for name in missing}
        if wrong:
            raise serializers.ValidationError(wrong)
        return {"name": attrs["name"], **{name: attrs.get(name, "") for name in FIELDS[kind]}}


class NewConnectionSerializer(ConnectionInput):
    """One more."""

    kind = serializers.ChoiceField(choices=KINDS)


class ForProviderSerializer(serializers.Serializer[Any]):
    """What the provider has to know about us; null: of the other protocol."""

    redirect_uri = serializers.CharField(allow_null=True)
    acs_url = serializers.CharField(allow_null=True, help_text="Assertion consumer service, by POST.")
    metadata_url = serializers.CharField(allow_null=True, help_text="Also our entity id.")
    sign_in_url = serializers.CharField(help_text="For a tile in the provider's list of apps.")


class ConnectionSerializer(serializers.Serializer[Any]):
    """One provider, without its secret."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField()
    issuer = serializers.CharField(allow_blank=True)
    client_id = serializers.CharField(allow_blank=True)
    metadata_url = serializers.CharField(allow_blank=True)
    entity_id = serializers.CharField(allow_blank=True)
    sso_url = serializers.CharField(allow_blank=True)
    certificates = serializers.IntegerField(help_text="How many; two while one is being replaced.")
    tested_at = Moment(allow_null=True, help_text="When somebody last signed in by it to try it.")
    enabled_at = Moment(allow_null=True, help_text="It signs people in since then.")
    last_used_at = Moment(allow_null=True)
    for_provider = ForProviderSerializer()
    created_at = Moment()


class _ConnectionView(ApiView):
    required_capability = "account.manage"

    def found(self, sso_id: str) -> SsoConnection:
        """One of the account's."""
        return get_object_or_404(connections_of(self.account), public_id=sso_id)

    def told(self, row: SsoConnection) -> dict[str, Any]:
        """As it is answered."""
        ours = {"sign_in_url": "sso_start"} | (
            {"redirect_uri": "sso_callback"}
            if row.kind == OIDC
            else {"acs_url": "saml_acs", "metadata_url": "saml_metadata"}
        )
        addresses = {
            name: self.request.build_absolute_uri(reverse(f"accounts:{view}", args=[row.public_id]))
            for name, view in ours.items()
        }
        none = dict.fromkeys(("redirect_uri", "acs_url", "metadata_url"))
        whole = vars(row) | {"certificates": len(row.certificates), "for_provider": none | addresses}
        return dict(ConnectionSerializer(whole).data)

    def answer(self, sso_id: str) -> Response:
        """As it stands now, with its ETag."""
        row = self.found(sso_id)
        return Response(self.told(row), headers={"ETag": etag_of(self.wanted(row))})

    def wanted(self, row: SsoConnection) -> dict[str, Any]:
        """What the ETag is made of: what people set, so that use alone refuses nothing."""
        return {name: getattr(row, name) for name in SET}

    def saved(self, kind: str, values: dict[str, Any], row: SsoConnection | None) -> SsoConnection:
        """Set up or changed; the provider is asked first."""
        save = save_oidc if kind == OIDC else save_saml
        return save(account=self.account, connection=row, actor=self.actor, at=now(), **values)

    def switched(self, sso_id: str, *, on: bool) -> Response:
        """On or off."""
        switch_connection(account=self.account, connection=self.found(sso_id), on=on, actor=self.actor, at=now())
        return self.answer(sso_id)


class Connections(_ConnectionView):
    """GET and POST /api/v1/sso-connections"""

    @operation(
        "listSsoConnections",
        tag="sign-in",
        summary="Identity providers",
        query=PageQuery,
        answers={200: ConnectionSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        checked(PageQuery, request.query_params.dict())
        rows = self.one_page(connections_of(self.account))
        return self.get_paginated_response([self.told(row) for row in rows])

    @operation(
        "createSsoConnection",
        tag="sign-in",
        summary="Set up an identity provider",
        body=NewConnectionSerializer,
        answers={201: ConnectionSerializer},
        problems=[ConnectionRefused],
        examples={"OpenID Connect": {"kind": "oidc", **EXAMPLE}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """It signs nobody in before a person has tested it in the browser and it is enabled."""
        values = checked(NewConnectionSerializer, request.data)
        kind = values["kind"]
        row = self.saved(kind, NewConnectionSerializer().of_kind(kind, values), None)
        return Response(self.told(self.found(row.public_id)), status=201)


class OneConnection(_ConnectionView):
    """GET, PUT and DELETE /api/v1/sso-connections/{sso_id}"""

    @operation("getSsoConnection", tag="sign-in", summary="One identity provider", answers={200: ConnectionSerializer})
    def get(self, request: Request, sso_id: str) -> Response:
        """With what the provider has to know about us. The ETag is that of what is set, not of its use."""
        return self.answer(sso_id)

    @operation(
        "changeSsoConnection",
        tag="sign-in",
        summary="Change an identity provider",
        body=ConnectionInput,
        answers={200: ConnectionSerializer},
        problems=[ConnectionRefused],
        examples={"Another secret": EXAMPLE},
        if_match="optional",
    )
    def put(self, request: Request, sso_id: str) -> Response:
        """The whole of it; the provider is asked anew. Another provider is off until it is tested and enabled again."""
        row = self.found(sso_id)
        values = ConnectionInput().of_kind(row.kind, checked(ConnectionInput, request.data))

        def still() -> None:
            refuse_if_changed(request, lambda: self.wanted(self.found(sso_id)))

        still()  # Before the provider is asked, and under the lock once more.
        self.saved(row.kind, values | {"still": still}, row)
        return self.answer(sso_id)

    @operation(
        "deleteSsoConnection",
        tag="sign-in",
        summary="Delete an identity provider",
        answers={204: None},
        problems=[ConnectionRefused],
        if_match="optional",
    )
    def delete(self, request: Request, sso_id: str) -> Response:
        """People keep their other ways to sign in. Not the last one while the account takes single sign-on only."""
        row = self.found(sso_id)
        with unchanged(
            request, lock=lambda: lock_connection(self.account, row), read=lambda: self.wanted(self.found(sso_id))
        ):
            delete_connection(account=self.account, connection=row, actor=self.actor, at=now())
        return Response(status=204)


class ConnectionOn(_ConnectionView):
    """POST /api/v1/sso-connections/{sso_id}/enable"""

    @operation(
        "enableSsoConnection",
        tag="sign-in",
        summary="Let an identity provider sign people in",
        answers={200: ConnectionSerializer},
        problems=[ConnectionRefused],
    )
    @idempotent()
    def post(self, request: Request, sso_id: str) -> Response:
        """Takes a test by a person, and a proved domain."""
        return self.switched(sso_id, on=True)


class ConnectionOff(_ConnectionView):
    """POST /api/v1/sso-connections/{sso_id}/disable"""

    @operation(
        "disableSsoConnection",
        tag="sign-in",
        summary="Stop an identity provider",
        answers={200: ConnectionSerializer},
        problems=[ConnectionRefused],
    )
    @idempotent()
    def post(self, request: Request, sso_id: str) -> Response:
        """It signs nobody in any more."""
        return self.switched(sso_id, on=False)
