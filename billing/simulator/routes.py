"""Which function answers which path. Paths are written as in Stripe's description of its API."""

from __future__ import annotations

from collections.abc import Callable

from .errors import Obj, StripeError
from .world import Request

type Handler = Callable[[Request], Obj]

_ROUTES: dict[str, list[tuple[list[str], str, Handler]]] = {}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Answer `METHOD path` with the decorated function."""

    def register(handler: Handler) -> Handler:
        entries = _ROUTES.setdefault(method, [])
        entries.append((path.strip("/").split("/"), f"{method} {path}", handler))
        # A written-out part wins over a placeholder, as in /v1/invoices/create_preview.
        entries.sort(key=lambda entry: sum(part.startswith("{") for part in entry[0]))
        return handler

    return register


def served() -> set[str]:
    """The operations that are answered, as `METHOD /v1/path` of Stripe's description."""
    return {operation for entries in _ROUTES.values() for _, operation, _ in entries}


def resolve(method: str, path: str) -> tuple[str, Handler, tuple[str, ...]]:
    """The operation, its function and the ids in the path. Raises Stripe's 404."""
    parts = path.strip("/").split("/")
    for pattern, operation, handler in _ROUTES.get(method, ()):
        if len(pattern) == len(parts) and all(
            want.startswith("{") or want == got for want, got in zip(pattern, parts, strict=True)
        ):
            ids = tuple(got for want, got in zip(pattern, parts, strict=True) if want.startswith("{"))
            return operation, handler, ids
    raise StripeError(
        f"Unrecognized request URL ({method}: {path}). The local Stripe simulator does not know this path.",
        status=404,
        executed=False,
    )
