"""The estimate of a task's value, marked as one."""

from typing import Any

from django.utils.translation import gettext_lazy

from seatportal.templatetags.portal import money
from seats.models import ExpansionTask

PER: dict[str, Any] = {
    "month": gettext_lazy("about %(amount)s a month"),
    "year": gettext_lazy("about %(amount)s a year"),
}


def worth_in_words(task: ExpansionTask) -> str:
    """The estimate, marked as one; a dash where the price list names no price."""
    if task.value is None:
        return "–"
    amount = money(task.value, task.value_currency)
    words = PER.get(task.value_interval)
    return str(words) % {"amount": amount} if words else f"≈ {amount}"
