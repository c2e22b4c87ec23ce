"""What a signal says, in the reader's language: the numbers it saw and the rule behind it. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from seats.models import Signal

Kind = Signal.Kind
type Evidence = Mapping[str, Any]

RULES: dict[str, str | Promise] = {
    Kind.CROSSED: gettext_lazy(
        "At least 80 % of the purchased seats are assigned or active. Told once; again only after both fell below 75 %."
    ),
    Kind.FEW_LEFT: gettext_lazy(
        "Few free seats for the size: 1 up to 15 seats, 2 up to 25, then 10 % up to 99, 8 % up to 999, and 5 % above."
    ),
    Kind.FULL: gettext_lazy("Every purchased seat is taken."),
    Kind.LOW_ADOPTION: gettext_lazy("Fewer than 60 % of the purchased seats are active: adoption comes first."),
    Kind.SHARING: gettext_lazy(
        "One sign-in on three networks at once, or on many devices in places too far apart. Two devices never count."
    ),
}


def _seats(evidence: Evidence) -> str:
    return (
        _("Assigned %(assigned)s of %(purchased)s, active in the last 30 days %(active)s of %(purchased)s.") % evidence
    )


def _left(evidence: Evidence) -> str:
    free = max(evidence["purchased"] - evidence["assigned"], 0)
    return ngettext("%(free)s of %(purchased)s seats is free.", "%(free)s of %(purchased)s seats are free.", free) % {
        "free": free,
        "purchased": evidence["purchased"],
    }


def _shared(evidence: Evidence) -> str:
    return (
        ngettext(
            "One sign-in on %(devices)s devices, %(at_once)s places at once: %(extra)s more person by estimate.",
            "One sign-in on %(devices)s devices, %(at_once)s places at once: %(extra)s more people by estimate.",
            evidence["extra"],
        )
        % evidence
    )


SENTENCES: dict[str, Callable[[Evidence], str]] = {
    Kind.CROSSED: _seats,
    Kind.FEW_LEFT: _left,
    Kind.FULL: _seats,
    Kind.LOW_ADOPTION: _seats,
    Kind.SHARING: _shared,
}


def sentence_of(signal: Signal) -> str:
    """What was seen, with its numbers."""
    return SENTENCES[signal.kind](signal.evidence)


def rule_of(signal: Signal) -> str:
    """Why that is a signal."""
    return str(RULES[signal.kind])
