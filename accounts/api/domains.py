"""Domains of e-mail addresses: add, see what to publish, check, remove."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import DomainNotProved, DomainRefused, DomainTaken
from accounts.models import MailDomain
from accounts.sso.domains import add_domain, challenge_of, check_domain, lock_domain, proof_of, remove_domain
from accounts.sso.queries import domains_of
from accounts.sso.rules import GRACE
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, Moment, PageQuery, Text, checked
from seatportal.api.headers import etag_of
from seatportal.api.idempotency import idempotent
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

FINDINGS = [str(one) for one in MailDomain.Finding.values]


class NewDomainSerializer(Input):
    """Which."""

    name = Text(max_length=253, help_text="What stands after the @ of your people's addresses.")


class DomainSerializer(serializers.Serializer[MailDomain]):
    """One domain, and the TXT record that proves it."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    record_name = serializers.SerializerMethodField()
    record_value = serializers.SerializerMethodField()
    verified_at = Moment(allow_null=True, help_text="Since then its addresses are the account's.")
    checked_at = Moment(allow_null=True)
    finding = serializers.ChoiceField(choices=FINDINGS, help_text="What the last check found; empty before the first.")
    lost_since = Moment(allow_null=True, help_text="The record is gone since then.")
    lost_after = serializers.SerializerMethodField()
    created_at = Moment()

    def get_record_name(self, row: MailDomain) -> str:
        """Where to publish it in DNS."""
        return challenge_of(row)

    def get_record_value(self, row: MailDomain) -> str:
        """The text to publish; leave it there."""
        return proof_of(row)

    def get_lost_after(self, row: MailDomain) -> str | None:
        """When the domain is no longer the account's, unless the record is back."""
        return str(Moment().to_representation(row.lost_since + GRACE)) if row.lost_since else None


class _DomainView(ApiView):
    required_capability = "account.manage"

    def found(self, domain_id: str) -> MailDomain:
        """One of the account's."""
        return get_object_or_404(domains_of(self.account), public_id=domain_id)


class Domains(_DomainView):
    """GET and POST /api/v1/domains"""

    @operation(
        "listDomains",
        tag="sign-in",
        summary="Domains of e-mail addresses",
        query=PageQuery,
        answers={200: DomainSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first, proved or not."""
        checked(PageQuery, request.query_params.dict())
        return self.pages(domains_of(self.account), DomainSerializer)

    @operation(
        "addDomain",
        tag="sign-in",
        summary="Add a domain",
        body=NewDomainSerializer,
        answers={201: DomainSerializer},
        problems=[DomainRefused, DomainTaken],
        examples={"Yours": {"name": "example.com"}},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        """Publish the record of the answer, then check. Nothing counts before that."""
        name = checked(NewDomainSerializer, request.data)["name"]
        row = add_domain(account=self.account, name=name, membership=self.membership, actor=self.actor, at=now())
        return Response(DomainSerializer(row).data, status=201)


class OneDomain(_DomainView):
    """GET and DELETE /api/v1/domains/{domain_id}"""

    @operation("getDomain", tag="sign-in", summary="One domain", answers={200: DomainSerializer})
    def get(self, request: Request, domain_id: str) -> Response:
        """What to publish, and what the last check found. Proved ones are checked each night.

        The ETag is that of the proof, not of the checks.
        """
        row = self.found(domain_id)
        return Response(DomainSerializer(row).data, headers={"ETag": etag_of(self._proof(row))})

    @operation("removeDomain", tag="sign-in", summary="Remove a domain", answers={204: None}, if_match="optional")
    def delete(self, request: Request, domain_id: str) -> Response:
        """Its addresses no longer come in by single sign-on, and others may prove it."""
        row = self.found(domain_id)
        with unchanged(
            request, lock=lambda: lock_domain(self.account, row), read=lambda: self._proof(self.found(domain_id))
        ):
            remove_domain(account=self.account, domain=row, actor=self.actor, at=now())
        return Response(status=204)

    def _proof(self, row: MailDomain) -> dict[str, Any]:
        """What its ETag is made of, so that the nightly check alone refuses nothing."""
        shown = DomainSerializer(row).data
        return {name: shown[name] for name in ("id", "name", "verified_at", "lost_since")}


class DomainCheck(_DomainView):
    """POST /api/v1/domains/{domain_id}/check"""

    @operation(
        "checkDomain",
        tag="sign-in",
        summary="Look in DNS for the proof",
        answers={200: DomainSerializer},
        problems=[DomainNotProved, DomainTaken],
    )
    @idempotent()
    def post(self, request: Request, domain_id: str) -> Response:
        """A record can take an hour to be seen. Check again with another Idempotency-Key, or none."""
        row = check_domain(domain=self.found(domain_id), actor=self.actor, at=now())
        return Response(DomainSerializer(row).data)
