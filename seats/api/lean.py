"""The frame of endpoints that answer a key without REST framework, which costs more than their answers do."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled

from accounts.access.api import bearer_of
from accounts.errors import CapabilityMissing
from seatportal.api.errors import problem_answer
from seatportal.api.headers import dress
from seatportal.api.throttling import count_request
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seats.usage.sender import SenderUnsure

JSON = "application/json"


class Caller(Protocol):
    """Whose key it is: its primary key and what it may do."""

    @property
    def key(self) -> int: ...

    @property
    def scopes(self) -> list[str]: ...


@dataclass(frozen=True)
class Lean[C: Caller]:
    """One endpoint. rate: the throttle's scope. caller_of: who a living key belongs to, and all else it takes.

    known: the same from memory, which proves nothing.
    """

    rate: str
    capability: str
    allow: str
    caller_of: Callable[[str, datetime], C | None]
    known: Callable[[str, datetime], C | None] | None = None

    def answer(
        self, request: HttpRequest, body_for: Callable[[C], bytes], at_once: Callable[[C], bytes] | None = None
    ) -> HttpResponse | None:
        """The endpoint's answer to a good key, with its rate and its headers. Nothing for any other caller: that one is
        for REST framework, and nothing has been taken or read.

        at_once: the body for whom we remember, from a statement that asks for the key, too. Raises SenderUnsure.
        Whatever stands in its way is found anew, and told, by the key's own statement.
        """
        secret = bearer_of(request.META["HTTP_AUTHORIZATION"])
        if secret is None:
            return None
        within: bool | None = None
        known = self.known(secret, now()) if self.known and at_once else None
        if known is not None and at_once is not None and self.capability in known.scopes:
            within = self._count(request, known)
            if within:
                with suppress(PortalError, SenderUnsure):
                    return self._dressed(request, HttpResponse(at_once(known), content_type=JSON))
        caller = self.caller_of(secret, now())
        if caller is None:
            return None
        try:
            if not (self._count(request, caller) if within is None else within):
                raise Throttled(wait=vars(request)["rate"].reset)
            if self.capability not in caller.scopes:
                raise CapabilityMissing(capability=self.capability)
            answer = HttpResponse(body_for(caller), content_type=JSON)
        except (PortalError, Throttled) as error:
            answer = problem_answer(error)
        return self._dressed(request, answer)

    def _count(self, request: HttpRequest, caller: C) -> bool:
        """Whether the request is within its rate; a cache that is down stops nobody."""
        counted = count_request(self.rate, f"key:{caller.key}")
        if counted is None:
            return True
        vars(request)["rate"], within = counted
        return within

    def _dressed(self, request: HttpRequest, answer: HttpResponse) -> HttpResponse:
        answer.headers["Allow"] = self.allow
        dress(request, answer)
        return answer


def accepts_json(request: HttpRequest) -> bool:
    """Nothing else is asked for."""
    return request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", JSON)
