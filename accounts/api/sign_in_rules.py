"""How an account's people sign in, and who joins by signing in."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import ConnectionRefused
from accounts.models import SsoPolicy
from accounts.sso.connections import lock_policy, save_policy
from accounts.sso.queries import policy_of
from seatportal.api.conditions import unchanged
from seatportal.api.fields import Input, YesNo, checked
from seatportal.api.headers import etag_of, unless_same
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.clock import now

JOIN = [str(one) for one in SsoPolicy.Join.values]
JOIN_TEXT = (
    "Somebody new of a proved domain signs in: `never` joins, waits for an `approval`, becomes a `member` without a"
    " seat, or gets a `seat` or waits for one."
)
ENFORCED_TEXT = (
    "Members with an address of a proved domain come in by single sign-on alone. Keys go on working, and so do owners"
    " who sign in with a second factor."
)


class SignInRulesSerializer(serializers.Serializer[SsoPolicy]):
    """The rules."""

    enforced = serializers.BooleanField(help_text=ENFORCED_TEXT)
    join = serializers.ChoiceField(choices=JOIN, help_text=JOIN_TEXT)


class NewSignInRulesSerializer(Input):
    """The whole of them."""

    enforced = YesNo()
    join = serializers.ChoiceField(choices=JOIN)


class SignInRules(ApiView):
    """GET and PUT /api/v1/policy/sign-in"""

    required_capability = "account.manage"

    @operation(
        "getSignInRules", tag="sign-in", summary="Rules of sign-in", answers={200: SignInRulesSerializer, 304: None}
    )
    def get(self, request: Request) -> Response:
        """Domains and connections stand at /domains and /sso-connections."""
        return unless_same(request, self._shown())

    @operation(
        "replaceSignInRules",
        tag="sign-in",
        summary="Change the rules of sign-in",
        body=NewSignInRulesSerializer,
        answers={200: SignInRulesSerializer},
        problems=[ConnectionRefused],
        examples={"Single sign-on only, and joiners get a seat": {"enforced": True, "join": "seat"}},
        if_match="required",
    )
    def put(self, request: Request) -> Response:
        """Enforcing takes a connection that is on, a proved domain, and an owner who could still come in without."""
        values = checked(NewSignInRulesSerializer, request.data)
        with unchanged(request, lock=lambda: lock_policy(self.account), read=self._shown, required=True):
            save_policy(account=self.account, actor=self.actor, at=now(), **values)
        shown = self._shown()
        return Response(shown, headers={"ETag": etag_of(shown)})

    def _shown(self) -> dict[str, Any]:
        return dict(SignInRulesSerializer(policy_of(self.account)).data)
