"""Stripe's error envelope."""

from __future__ import annotations

from typing import Any

type Obj = dict[str, Any]
"""A JSON object. Keys that start with an underscore are the simulator's own and never leave it."""


class StripeError(Exception):
    """An answer of Stripe that is not a success.

    `keep` says that what was written before the error stays, as with a declined payment: the attempt happened.
    `executed` says that the endpoint had begun its work, so an idempotency key remembers the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keep: bool = False,
        executed: bool = True,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.keep = keep
        self.executed = executed
        self.headers = headers or {}
        self.extra = extra
        self.missing: str | None = None

    def body(self) -> Obj:
        """The envelope as it goes out."""
        error: Obj = {"message": self.message, "type": self.kind}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        error.update({key: value for key, value in self.extra.items() if value is not None})
        return {"error": error}


def missing(kind: str, id: str, param: str = "id") -> StripeError:
    """There is no such object: a 404 for one in the path; `api` makes a 400 of it for one named in a parameter."""
    name = {
        "test_helpers.test_clock": "test clock",
        "checkout.session": "checkout session",
        "payment_method": "PaymentMethod",
        "payment_intent": "payment_intent",
    }.get(kind, kind)
    error = StripeError(f"No such {name}: '{id}'", status=404, code="resource_missing", param=param)
    error.missing = id
    return error


def card_error(
    message: str, *, code: str, decline_code: str | None = None, keep: bool = False, **extra: Any
) -> StripeError:
    """402: the card said no, or asks for its holder."""
    return StripeError(message, status=402, kind="card_error", code=code, decline_code=decline_code, keep=keep, **extra)
