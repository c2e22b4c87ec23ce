"""When an object next has something to do by itself. Pure."""

from __future__ import annotations

from .errors import Obj

KINDS = ("subscription", "invoice", "subscription_schedule", "checkout.session")
HOUR = 3600
INCOMPLETE_FOR = 23 * HOUR
_ALIVE = ("active", "trialing", "past_due", "unpaid")


def time_of(obj: Obj) -> int | None:
    """Seconds UTC of the object's next hour, None when it only waits for others."""
    times: list[int | None]
    match obj.get("object"):
        case "subscription" if obj["status"] in _ALIVE:
            pending = obj["pending_update"]
            times = [
                pending and pending["expires_at"],
                obj["trial_end"] if obj["status"] == "trialing" else None,
                obj["cancel_at"],
                min((item["current_period_end"] for item in obj["items"]), default=None),
            ]
        case "subscription" if obj["status"] == "incomplete":
            times = [obj["created"] + INCOMPLETE_FOR]
        case "invoice" if obj["status"] == "draft":
            times = [obj["automatically_finalizes_at"]]
        case "invoice" if obj["status"] == "open":
            times = [obj["next_payment_attempt"]]
        case "subscription_schedule" if obj["status"] == "active":
            times = [obj["current_phase"] and obj["current_phase"]["end_date"]]
        case "subscription_schedule" if obj["status"] == "not_started":
            times = [obj["phases"][0]["start_date"]]
        case "checkout.session" if obj["status"] == "open":
            times = [obj["expires_at"]]
        case _:
            times = []
    return min((time for time in times if time is not None), default=None)
