"""Search, where Stripe has it: its query language over the fields that it names, newest first, with `next_page`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .errors import Obj, StripeError
from .routes import route
from .world import Request

type Kind = Literal["text", "token", "number"]
"""What a field can be compared by: `~` only text, `<` and `>` only numbers, `:` all."""

FIELDS: dict[str, dict[str, Kind]] = {
    "charge": {
        "amount": "number", "billing_details.address.postal_code": "token", "created": "number", "currency": "token",
        "customer": "token", "disputed": "token", "refunded": "token", "status": "token",
        "payment_method_details.card.brand": "token", "payment_method_details.card.exp_month": "token",
        "payment_method_details.card.exp_year": "token", "payment_method_details.card.fingerprint": "token",
        "payment_method_details.card.last4": "token",
    },
    "customer": {"created": "number", "email": "text", "name": "text", "phone": "text"},
    "invoice": {
        "created": "number", "currency": "token", "customer": "token", "last_finalization_error_code": "token",
        "last_finalization_error_type": "token", "number": "text", "receipt_number": "token", "status": "token",
        "subscription": "token", "total": "number",
    },
    "payment_intent": {
        "amount": "number", "created": "number", "currency": "token", "customer": "token", "status": "token",
    },
    "price": {"active": "token", "currency": "token", "lookup_key": "text", "product": "token", "type": "token"},
    "product": {"active": "token", "description": "text", "name": "text", "shippable": "token", "url": "text"},
    "subscription": {"canceled_at": "number", "created": "number", "status": "token"},
}  # fmt: skip
_CLAUSE = re.compile(
    r"""\s*(?P<not>-)?(?P<field>[a-z_0-9.]+)(\[(?P<quote>["'])(?P<key>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\])?"""
    r"""\s*(?P<op><=|>=|[:=~<>])\s*("(?P<text>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>[^\s"']+))"""
)
_JOIN = re.compile(r"\s+(?:(AND|OR)\s+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Clause:
    """`field op value`, or its opposite. `key` is that of metadata; a value None asks whether there is none."""

    field: str
    key: str | None
    op: str
    value: str | None
    negated: bool

    def holds(self, kind: str, obj: Obj) -> bool:
        return self._holds(_value(kind, obj, self.field, self.key)) != self.negated

    def _holds(self, found: Any) -> bool:
        if self.value is None:
            return found is None
        if found is None:
            return False
        if self.op == "~":
            return self.value.lower() in str(found).lower()
        if self.op in (":", "="):
            shown = str(found).lower()
            return shown == self.value.lower()
        compared = (int(found) > int(self.value)) - (int(found) < int(self.value))
        return {"<": compared < 0, ">": compared > 0, "<=": compared <= 0, ">=": compared >= 0}[self.op]


def parsed(kind: str, query: str) -> tuple[list[Clause], Callable[[list[bool]], bool]]:
    """The clauses of a query, and `all` or `any` that joins them. Raises Stripe's 400s."""
    clauses, joins, at = [], set(), 0
    query = query.strip()
    while True:
        match = _CLAUSE.match(query, at)
        if match is None:
            raise _bad(f"We were unable to parse your search query near {query[at : at + 20]!r}.")
        clauses.append(_clause(kind, match))
        at = match.end()
        if at == len(query):
            break
        joined = _JOIN.match(query, at)
        if joined is None:
            raise _bad(f"We were unable to parse your search query near {query[at : at + 20]!r}.")
        joins.add((joined[1] or "AND").upper())
        at = joined.end()
    if len(joins) > 1:
        raise _bad("AND and OR cannot be combined in one search query.")
    return clauses, any if joins == {"OR"} else all


def _clause(kind: str, match: re.Match[str]) -> Clause:
    field, key, op = match["field"], match["key"], match["op"]
    value: str | None = next(part for part in (match["text"], match["single"], match["bare"]) if part is not None)
    compared = "text" if field == "metadata" else FIELDS[kind].get(field)
    if compared is None or (field == "metadata") != (key is not None):
        names = ", ".join(sorted([*FIELDS[kind], 'metadata["key"]']))
        raise _bad(f"Field `{field}` is an unsupported search field for resource `{kind}s`. It must be one of {names}.")
    if match["bare"] is not None and str(value).lower() == "null":
        value = None
    if op in ("<", ">", "<=", ">=") and (compared != "number" or not re.fullmatch(r"-?\d+", value or "")):
        raise _bad(f"Field `{field}` cannot be compared by `{op}` with this value.")
    if op == "~" and (compared != "text" or value is None or len(value) < 3):
        raise _bad(f"Field `{field}` takes `~` only for text of at least 3 characters.")
    if value is not None:
        value = re.sub(r"\\(.)", r"\1", value)
    return Clause(field, key and re.sub(r"\\(.)", r"\1", key), op, value, match["not"] is not None)


def _value(kind: str, obj: Obj, field: str, key: str | None) -> Any:
    if key is not None:
        return obj["metadata"].get(key)
    if kind == "invoice" and field == "subscription":
        return obj["_subscription"]
    if field.startswith("last_finalization_error_"):
        return (obj["last_finalization_error"] or {}).get(field.removeprefix("last_finalization_error_"))
    found: Any = obj
    for part in field.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _bad(message: str) -> StripeError:
    return StripeError(message, param="query")


def _search(request: Request, kind: str) -> Obj:
    params = request.params
    clauses, join = parsed(kind, params["query"])
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError(
            "Invalid integer: limit must be between 1 and 100.", code="parameter_invalid_integer", param="limit"
        )
    found = [
        obj for obj in request.world.store.newest_first(kind) if join([clause.holds(kind, obj) for clause in clauses])
    ]
    if "page" in params:
        found = found[_position(found, params["page"]) + 1 :]
    shown, more = found[:limit], len(found) > limit
    token = base64.urlsafe_b64encode(shown[-1]["id"].encode()).decode() if more else None
    return {"object": "search_result", "data": shown, "has_more": more, "next_page": token, "url": request.path}


def _position(found: list[Obj], token: str) -> int:
    """Where the page before ended. Raises the 400 for a cursor of another search."""
    try:
        id = base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        id = ""
    for number, obj in enumerate(found):
        if obj["id"] == id:
            return number
    raise StripeError("Invalid page: it does not belong to this search.", param="page")


@route("GET", "/v1/charges/search")
def charges(request: Request) -> Obj:
    return _search(request, "charge")


@route("GET", "/v1/customers/search")
def customers(request: Request) -> Obj:
    return _search(request, "customer")


@route("GET", "/v1/invoices/search")
def invoices(request: Request) -> Obj:
    return _search(request, "invoice")


@route("GET", "/v1/payment_intents/search")
def payment_intents(request: Request) -> Obj:
    return _search(request, "payment_intent")


@route("GET", "/v1/prices/search")
def prices(request: Request) -> Obj:
    return _search(request, "price")


@route("GET", "/v1/products/search")
def products(request: Request) -> Obj:
    return _search(request, "product")


@route("GET", "/v1/subscriptions/search")
def subscriptions(request: Request) -> Obj:
    return _search(request, "subscription")
