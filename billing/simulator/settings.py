"""What a Stripe account decides for all its subscriptions in the Dashboard; here by `POST /_control/settings`. Pure."""

from __future__ import annotations

from .errors import Obj

DEFAULTS: Obj = {
    "retry_after_days": [3, 5, 7],
    "after_last_retry": "past_due",
    "invoice_after_last_retry": "open",
    "overdue_deadline_days": 30,
    "after_overdue_deadline": "past_due",
    "invoice_upcoming_days": 7,
    "invoice_will_be_due_days": None,
    "invoice_overdue_days": 0,
    "retry_on_new_card": False,
    "rate_limits": False,
}
_CHOICES = {
    "after_last_retry": ("past_due", "cancel", "unpaid"),
    "after_overdue_deadline": ("past_due", "cancel", "unpaid"),
    "invoice_after_last_retry": ("open", "uncollectible"),
}
_MAY_BE_OFF = ("overdue_deadline_days", "invoice_upcoming_days", "invoice_will_be_due_days", "invoice_overdue_days")


def changed(settings: Obj, wanted: Obj) -> Obj:
    """The settings with those that are wanted. Raises ValueError for a name or a value that does not exist."""
    if unknown := sorted(wanted.keys() - DEFAULTS.keys()):
        raise ValueError(f"no such setting: {', '.join(unknown)}; there are {', '.join(DEFAULTS)}")
    for name, value in wanted.items():
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}")
        elif name == "retry_after_days":
            if not isinstance(value, list) or not all(_is_days(day) and day > 0 for day in value):
                raise ValueError("retry_after_days must be a list of days, each counted from the attempt before it")
        elif isinstance(DEFAULTS[name], bool):
            if not isinstance(value, bool):
                raise ValueError(f"{name} must be true or false")
        elif not _is_days(value) and not (value is None and name in _MAY_BE_OFF):
            raise ValueError(f"{name} must be a number of days, or null for never")
    return settings | wanted


def _is_days(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
