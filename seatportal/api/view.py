"""The base of every endpoint."""

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import MethodNotAllowed, NotFound, ParseError
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.access.actor import Actor, actor_of
from accounts.access.api import ApiRequest
from accounts.models import Account, Membership
from seatportal.api.headers import Deprecation, dress
from seatportal.api.shapes import shaped
from seatportal.kit.errors import PortalError


class BodyTooLarge(PortalError):
    """More than any request of ours needs."""

    code, status = "body_too_large", 413
    message = _("The body is too large.")


class JsonBody(JSONParser):
    """JSON of a sane depth."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Brackets without end would break Python's parser. Raises ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError from error


class ApiView(GenericAPIView[Any]):
    """Says which capability it needs (one, or one per method; None: any caller), and has a method per verb."""

    required_capability: str | Mapping[str, str | None] | None
    deprecation: Deprecation | None = None
    most_bytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    filter_backends = ()
    parser_classes = [JsonBody]

    @property
    def account(self) -> Account:
        """The caller's account; only where a capability is needed, which implies one."""
        return cast(Account, cast(ApiRequest, self.request).account)

    @property
    def actor(self) -> Actor:
        """The caller, for verbs."""
        return actor_of(self.request)

    @property
    def membership(self) -> Membership | None:
        """The person in the browser, or who made the key, if still known."""
        caller = cast(ApiRequest, self.request)
        return self.actor.api_key.created_by if self.actor.api_key else caller.membership

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """What can have no answer is refused before anybody is asked who they are."""
        if any("\0" in str(value) for value in kwargs.values()):
            raise NotFound  # PostgreSQL has no text with NUL, so no id has it.
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.most_bytes:
            raise BodyTooLarge
        if (request.method or "") not in self.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """Every caller is counted here, so that strangers and wrong keys are held back too."""
        try:
            super().perform_authentication(request)
        finally:
            super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Counted already."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the headers that every answer has."""
        final = super().finalize_response(request, response, *args, **kwargs)
        dress(request, final, self.deprecation)
        return final

    def pages(self, rows: QuerySet[Any], shape: type[BaseSerializer[Any]]) -> Response:
        """One page of rows in their public shape."""
        return self.get_paginated_response(shaped(self.one_page(rows), shape))

    def one_page(self, rows: QuerySet[Any, Any]) -> list[Any]:
        """The rows of the page that was asked for; `get_paginated_response` answers with them."""
        return list(self.paginate_queryset(rows) or ())


class UnknownPath(ApiView):
    """Whatever is not there under /api/: 404 as a problem, not as a page."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Always."""
        raise NotFound
