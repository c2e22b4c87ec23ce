"""When an object next has something to do by itself, under the account's settings. Pure."""

from __future__ import annotations

from .errors import Obj

KINDS = ("subscription", "invoice", "subscription_schedule", "checkout.session", "refund")
HOUR, DAY = 3600, 86_400
INCOMPLETE_FOR = 23 * HOUR
TRIAL_NOTICE = 3 * DAY
EXPIRY_NOTICE = 7 * DAY
_ALIVE = ("active", "trialing", "past_due", "unpaid")


def time_of(obj: Obj, settings: Obj) -> int | None:
    """Seconds UTC of the object's next hour, None when it only waits for others."""
    times: list[int | None]
    match obj.get("object"):
        case "subscription" if obj["status"] in _ALIVE:
            pending, pause = obj["pending_update"], obj["pause_collection"]
            times = [
                pending and pending["expires_at"],
                obj["trial_end"] if obj["status"] == "trialing" else None,
                obj["cancel_at"],
                obj["next_pending_invoice_item_invoice"],
                pause and pause["resumes_at"],
                period_end(obj),
                trial_notice(obj),
                upcoming_notice(obj, settings),
            ]
        case "subscription" if obj["status"] == "paused":
            times = [obj["cancel_at"], obj["_resuming"] and obj["_resuming"]["expires_at"]]
        case "subscription" if obj["status"] == "incomplete":
            times = [obj["created"] + INCOMPLETE_FOR]
        case "invoice" if obj["status"] == "draft":
            times = [obj["automatically_finalizes_at"]]
        case "invoice" if obj["status"] == "open" and obj["collection_method"] == "send_invoice":
            times = list(sent_steps(obj, settings).values())
        case "invoice" if obj["status"] == "open":
            times = [obj["next_payment_attempt"], obj.get("_retry_now_at")]
        case "subscription_schedule" if obj["status"] == "active":
            times = [obj["current_phase"] and obj["current_phase"]["end_date"], expiry_notice(obj)]
        case "subscription_schedule" if obj["status"] == "not_started":
            times = [obj["phases"][0]["start_date"]]
        case "checkout.session" if obj["status"] == "open":
            times = [obj["expires_at"]]
        case "refund":
            times = [obj["_turns_at"]]
        case _:
            times = []
    return min((time for time in times if time is not None), default=None)


def period_end(subscription: Obj) -> int | None:
    return min((item["current_period_end"] for item in subscription["items"]), default=None)


# Notices: each is given once, which `_told` remembers.


def trial_notice(subscription: Obj) -> int | None:
    """When `customer.subscription.trial_will_end` is due; a shorter trial is told of at once."""
    end = subscription["trial_end"]
    if subscription["status"] != "trialing" or subscription.get("_told", {}).get("trial") == end:
        return None
    return max(int(end) - TRIAL_NOTICE, int(subscription["trial_start"]))


def upcoming_notice(subscription: Obj, settings: Obj) -> int | None:
    """When `invoice.upcoming` is due; not for a period shorter than the notice, nor for one that is the last."""
    end, days = period_end(subscription), settings["invoice_upcoming_days"]
    stop = subscription["cancel_at"]
    if end is None or days is None or subscription.get("_told", {}).get("upcoming") == end:
        return None
    if stop is not None and stop <= end:
        return None
    start = min(item["current_period_start"] for item in subscription["items"])
    at = end - days * DAY
    return at if at > start else None


def expiry_notice(schedule: Obj) -> int | None:
    """When `subscription_schedule.expiring` is due."""
    end = schedule["phases"][-1]["end_date"]
    return None if schedule.get("_told") == end else int(end) - EXPIRY_NOTICE


def sent_steps(invoice: Obj, settings: Obj) -> dict[str, int]:
    """What still becomes of an open invoice that was sent, and when: told of, late, told of again, given up."""
    due, done = invoice["due_date"], invoice.get("_told", [])
    if due is None:
        return {}
    before, after = settings["invoice_will_be_due_days"], settings["invoice_overdue_days"]
    deadline = settings["overdue_deadline_days"]
    steps = {
        "will_be_due": None if before is None else due - before * DAY,
        "late": due,
        "overdue": None if after is None else due + after * DAY,
        "given_up": None if deadline is None else due + deadline * DAY,
    }
    return {name: at for name, at in steps.items() if at is not None and name not in done}
