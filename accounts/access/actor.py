"""Who does something, by which door: handed to every verb and written into the audit trail."""

from dataclasses import dataclass
from typing import cast

import structlog
from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import ApiKey, ScimConnection, User

DOORS = ("page", "api", "invitation", "sign_up", "mail", "admin", "task", "stripe", "demo", "scim", "sso")


@dataclass(frozen=True)
class Actor:
    """user is empty for keys, directories, tasks and Stripe. impersonator: the staff who look through `user`'s eyes."""

    user: User | None
    api_key: ApiKey | None = None
    directory: ScimConnection | None = None
    impersonator: User | None = None
    door: str = "page"
    ip: str | None = None
    request_id: str = ""

    @classmethod
    def system(cls, door: str) -> "Actor":
        """Nobody in person: a task, a webhook, the demo."""
        return cls(user=None, door=door, request_id=_request_id())


def actor_of(request: HttpRequest | Request, *, door: str | None = None, user: User | None = None) -> Actor:
    """The caller of a page or of the API.

    door: when it is neither, such as an invitation or Django admin. user: who is being signed up and not yet in.
    """
    api = isinstance(request, Request)
    key = getattr(request, "auth", None) if api else None
    caller = user or getattr(request, "user", None)
    return Actor(
        user=cast(User, caller) if caller is not None and caller.is_authenticated else None,
        api_key=key if isinstance(key, ApiKey) else None,
        impersonator=impersonator_of(request),
        door=door or ("api" if api else "page"),
        ip=client_ip(request),
        request_id=_request_id(),
    )


def impersonator_of(request: HttpRequest | Request) -> User | None:
    """The member of staff behind an impersonated session. One query a request, and only while it lasts."""
    http = request._request if isinstance(request, Request) else request
    history = http.session.get("hijack_history") if hasattr(http, "session") else None
    if not history:
        return None
    seen = vars(http)
    if "_impersonator" not in seen:
        seen["_impersonator"] = User.objects.filter(pk=history[-1]).first()
    return cast("User | None", seen["_impersonator"])


def client_ip(request: HttpRequest | Request) -> str | None:
    """The caller's address; behind our own proxy, the one that the proxy saw."""
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if forwarded:
            return str(forwarded)
    return request.META.get("REMOTE_ADDR") or None


def _request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40]
