"""Stripe's pages: newest first, cursors, `has_more`, and the filter on `created`."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import Obj, StripeError, missing
from .render import list_of
from .world import Request


def page(request: Request, found: Iterable[Obj], kind: str, *, newest_first: bool = True) -> Obj:
    """One page of what was found (oldest first, when it comes as a list)."""
    rows = list(found)
    if newest_first:
        rows.reverse()
    params = request.params
    rows = [row for row in rows if _within(row.get("created"), params.get("created"))]
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError(
            "Invalid integer: limit must be between 1 and 100.", code="parameter_invalid_integer", param="limit"
        )
    if (after := params.get("starting_after")) is not None:
        rows = rows[_position(rows, after, kind, "starting_after") + 1 :]
    elif (before := params.get("ending_before")) is not None:
        rows = rows[: _position(rows, before, kind, "ending_before")]
        return list_of(rows[-limit:], request.path, has_more=len(rows) > limit)
    return list_of(rows[:limit], request.path, has_more=len(rows) > limit)


def _position(rows: list[Obj], id: str, kind: str, param: str) -> int:
    for number, row in enumerate(rows):
        if row["id"] == id:
            return number
    raise missing(kind, id, param)


def _within(created: int | None, wanted: Obj | int | None) -> bool:
    if wanted is None or created is None:
        return True
    if isinstance(wanted, int):
        return created == wanted
    return (
        ("gt" not in wanted or created > wanted["gt"])
        and ("gte" not in wanted or created >= wanted["gte"])
        and ("lt" not in wanted or created < wanted["lt"])
        and ("lte" not in wanted or created <= wanted["lte"])
    )


def matching(rows: Iterable[Obj], params: Obj, *names: str) -> list[Obj]:
    """The rows whose fields equal those of the named parameters that were given."""
    given = {name: params[name] for name in names if name in params}
    return [row for row in rows if all(row.get(name) == value for name, value in given.items())]
