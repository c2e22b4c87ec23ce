"""An alert in words, for every way on which it goes. Rendered in the reader's language, so texts are made when read."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from seats.growth.playbooks import PLAYBOOKS
from seats.growth.words import rule_of, sentence_of
from seats.models import Alert, Signal


@dataclass(frozen=True)
class Line:
    """One signal of an alert."""

    signal: Signal

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.signal.get_kind_display())

    @property
    def says(self) -> str:
        """What was seen."""
        return sentence_of(self.signal)

    @property
    def rule(self) -> str:
        """Why it is a signal."""
        return rule_of(self.signal)

    @property
    def task(self) -> str:
        """What to do, if there is a task."""
        return str(PLAYBOOKS[self.signal.task.playbook].title) if self.signal.task else ""


def lines_of(alert: Alert) -> list[Line]:
    """The signals that it tells, the gravest first."""
    return [Line(signal) for signal in alert.signals.select_related("account", "task").order_by("-score", "pk")]


def address_of(alert: Alert) -> str:
    """Where staff read on."""
    return f"{settings.SITE_URL}{reverse('admin:seats_alert_change', args=[alert.pk])}"
