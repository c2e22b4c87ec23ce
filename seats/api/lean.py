"""The frame of endpoints that answer a key without REST framework, which costs more than their answers do."""

from collections.abc import Callable
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

JSON = "application/json"


class Caller(Protocol):
    """Whose key it is: its primary key and what it may do."""

    @property
    def key(self) -> int: ...

    @property
    def scopes(self) -> list[str]: ...


@dataclass(frozen=True)
class Lean[C: Caller]:
    """One endpoint. rate: the throttle's scope. caller_of: who a living key belongs to, and all else it takes."""

    rate: str
    capability: str
    allow: str
    caller_of: Callable[[str, datetime], C | None]

    def answer(self, request: HttpRequest, body_for: Callable[[C], bytes]) -> HttpResponse | None:
        """The endpoint's answer to a good key, with its rate and its headers. Nothing for any other caller: that one is
        for REST framework, and nothing has been counted or read."""
        secret = bearer_of(request.META["HTTP_AUTHORIZATION"])
        caller = None if secret is None else self.caller_of(secret, now())
        if caller is None:
            return None
        try:
            counted = count_request(self.rate, f"key:{caller.key}")
            if counted is not None:
                vars(request)["rate"], within = counted
                if not within:
                    raise Throttled(wait=counted[0].reset)
            if self.capability not in caller.scopes:
                raise CapabilityMissing(capability=self.capability)
            answer = HttpResponse(body_for(caller), content_type=JSON)
        except (PortalError, Throttled) as error:
            answer = problem_answer(error)
        answer.headers["Allow"] = self.allow
        dress(request, answer)
        return answer


def accepts_json(request: HttpRequest) -> bool:
    """Nothing else is asked for."""
    return request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", JSON)
