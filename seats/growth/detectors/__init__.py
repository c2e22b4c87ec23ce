"""What is looked for beside the seats: each detector reads a span of accounts by one statement and names what holds.

A detector gives back everything that holds now; the sweep compares it with the signals that are open, so one that is
no longer given back has ended. To add one: a kind in models/signal.py, its playbook, score and words, and a line here.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from seats.growth.detectors.clock import check_ins, runways
from seats.growth.detectors.contacts import champions_gone
from seats.growth.detectors.departments import growing_departments, new_departments
from seats.growth.detectors.features import features_asked
from seats.growth.detectors.health import poor_health
from seats.growth.detectors.interest import interest
from seats.growth.detectors.people import headcount_gaps, new_leaders, power_users
from seats.growth.detectors.renewals import renewals_at_risk
from seats.growth.detectors.sharing import shared_sign_ins
from seats.growth.detectors.value import proven_values
from seats.growth.found import Found
from seats.growth.picture import Span
from seats.models import Signal

type Detector = Callable[[Span, datetime], Iterable[Found]]
Kind = Signal.Kind

# Hourly what the hour brings and costs little; reading every member against the seats is for the night.
HOURLY: dict[str, Detector] = {
    Kind.INTEREST: interest,
    Kind.CHAMPION_LEFT: champions_gone,
    Kind.SHARING: shared_sign_ins,
    Kind.FEATURE_ASKED: features_asked,
}
NIGHTLY: dict[str, Detector] = {
    Kind.HEADCOUNT_GAP: headcount_gaps,
    Kind.NEW_LEADER: new_leaders,
    Kind.POWER_USERS: power_users,
    Kind.NEW_DEPARTMENT: new_departments,
    Kind.DEPARTMENT_GROWTH: growing_departments,
    Kind.LOW_HEALTH: poor_health,
    Kind.RUNWAY: runways,
    Kind.CHECK_IN: check_ins,
    Kind.RENEWAL: renewals_at_risk,
    Kind.VALUE_PROVEN: proven_values,
}
