"""Which task follows which signal, whom it asks for, and within how many working days (product.md B5, C, E6). Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seats.models import Contact, Pattern, Signal

type Words = str | Promise
Kind = Signal.Kind
Role = Contact.Role


@dataclass(frozen=True)
class Playbook:
    """One kind of work.

    expands: about selling more seats; waits while adoption is low. alerts: the team is told at once, besides the task.
    asks: the part on the stakeholder map to talk to. each: one task for each subject, such as a department.
    """

    key: str
    title: Words
    steps: tuple[Words, ...]
    days: int
    pattern: Pattern = Pattern.NONE
    asks: Role | None = Role.CHAMPION
    expands: bool = True
    alerts: bool = True
    each: bool = False


CAPACITY = Playbook(
    key="capacity",
    title=_("Talk about more seats"),
    steps=(
        _("Ask the champion who joins next, and when."),
        _("Offer the suggested number with its price; a small step now is better than a large one at renewal."),
    ),
    days=5,
    pattern=Pattern.DEPARTMENTAL,
)
ADOPTION = Playbook(
    key="adoption",
    title=_("Help people use the seats they have"),
    steps=(
        _("Find out with the champion why seats are idle: access, training, or the wrong people."),
        _("Agree on activation for the next 30 days. Offer no more seats before 60 % are active."),
    ),
    days=5,
    expands=False,
)
HEADCOUNT = Playbook(
    key="headcount_gap",
    title=_("Seats for people who have none"),
    steps=(
        _("Ask the champion which of the new people will work with the product."),
        _("Offer seats for them, with the price."),
    ),
    days=5,
    pattern=Pattern.DEPARTMENTAL,
)
DEPARTMENT_GROWTH = Playbook(
    key="department_growth",
    title=_("A department grows"),
    steps=(
        _("Ask the department's champion for the hiring plan of the next two quarters, contractors included."),
        _("Agree on seats ahead of the people."),
    ),
    days=10,
    pattern=Pattern.DEPARTMENTAL,
    each=True,
)
NEW_DEPARTMENT = Playbook(
    key="new_department",
    title=_("A second department begins"),
    steps=(
        _("Win an executive sponsor who answers for both departments."),
        _("Show the new department what the first one reached, and plan a first group of ten."),
    ),
    days=10,
    pattern=Pattern.CROSS_DEPARTMENT,
    asks=Role.SPONSOR,
    each=True,
)
NEW_LEADER = Playbook(
    key="new_leader",
    title=_("A new leader has come"),
    steps=(
        _("Introduce yourself within the first weeks; show what the department reached with the product."),
        _("Ask for the hiring plan, and who of the team should work with it."),
    ),
    days=5,
    pattern=Pattern.DEPARTMENTAL,
    asks=Role.SPONSOR,
    each=True,
)
POWER_USERS = Playbook(
    key="power_users",
    title=_("Make power users into champions"),
    steps=(
        _("Thank them, and ask what they would show a colleague."),
        _("Invite one of them to the champion programme."),
    ),
    days=10,
    pattern=Pattern.DEPARTMENTAL,
)
INTEREST = Playbook(
    key="interest",
    title=_("Answer interest in more seats"),
    steps=(
        _("Ask what kept them from finishing: price, approval, or something on the page."),
        _("Offer help with the approval, or a quote."),
    ),
    days=2,
)
CHAMPION_LEFT = Playbook(
    key="champion_left",
    title=_("Find a new champion"),
    steps=(
        _("Ask who takes over, and meet them within two weeks."),
        _("Have contacts in two departments at least, so that no single person carries the account."),
    ),
    days=3,
    asks=Role.SPONSOR,
    expands=False,
)
PROCUREMENT = Playbook(
    key="procurement",
    title=_("Start procurement before the seats run out"),
    steps=(
        _("Procurement takes 60 to 90 days: name the approver and the budget owner now."),
        _("Send the offer and the vendor documents together."),
    ),
    days=3,
    asks=Role.APPROVER,
)
CHECK_IN = Playbook(
    key="check_in",
    title=_("Check in with the customer"),
    steps=(
        _("Compare with the goals that were agreed on, and write down what was reached."),
        _("Set the next date."),
    ),
    days=3,
    expands=False,
    alerts=False,
    each=True,
)

SHARING = Playbook(
    key="sharing",
    title=_("Seats for people who share a sign-in"),
    steps=(
        _("Ask the champion who works with the shared sign-in; it is a hint, not an accusation."),
        _("Offer a seat for each of them, with the price."),
    ),
    days=5,
    pattern=Pattern.DEPARTMENTAL,
)

VALUE_PROVEN = Playbook(
    key="value_proven",
    title=_("Build on proven value"),
    steps=(
        _("Ask the champion to tell the story of the reached goal to another department head, with its numbers."),
        _("Offer seats for the next group, and agree on its goal before it begins."),
    ),
    days=5,
    pattern=Pattern.DEPARTMENTAL,
)

FEATURE_ASKED = Playbook(
    key="feature_asked",
    title=_("Answer a request for a feature of growing teams"),
    steps=(
        _("Read who asked and what for, and ask who else in the organisation would need it."),
        _("Answer the request itself, so that the customer reads what becomes of it."),
    ),
    days=3,
    expands=False,
    each=True,
)
RENEWAL = Playbook(
    key="renewal_at_risk",
    title=_("Save seats before the renewal"),
    steps=(
        _("Show the customer who is idle; agree which seats go to others and who is shown the product again."),
        _("Agree on the next period’s number before the renewal does it: a small honest cut keeps trust."),
    ),
    days=5,
    asks=Role.SPONSOR,
    expands=False,
)

FOLLOWS: dict[str, Playbook] = {
    Kind.CROSSED: CAPACITY,
    Kind.FEW_LEFT: CAPACITY,
    Kind.FULL: CAPACITY,
    Kind.LOW_ADOPTION: ADOPTION,
    Kind.LOW_HEALTH: ADOPTION,
    Kind.HEADCOUNT_GAP: HEADCOUNT,
    Kind.NEW_LEADER: NEW_LEADER,
    Kind.POWER_USERS: POWER_USERS,
    Kind.NEW_DEPARTMENT: NEW_DEPARTMENT,
    Kind.DEPARTMENT_GROWTH: DEPARTMENT_GROWTH,
    Kind.INTEREST: INTEREST,
    Kind.CHAMPION_LEFT: CHAMPION_LEFT,
    Kind.RUNWAY: PROCUREMENT,
    Kind.CHECK_IN: CHECK_IN,
    Kind.SHARING: SHARING,
    Kind.VALUE_PROVEN: VALUE_PROVEN,
    Kind.FEATURE_ASKED: FEATURE_ASKED,
    Kind.RENEWAL: RENEWAL,
}
PLAYBOOKS = {playbook.key: playbook for playbook in FOLLOWS.values()}

# For sorting: what cannot wait comes first.
SCORES: dict[str, int] = {
    Kind.FULL: 90,
    Kind.RUNWAY: 85,
    Kind.CROSSED: 80,
    Kind.CHAMPION_LEFT: 75,
    Kind.INTEREST: 70,
    Kind.HEADCOUNT_GAP: 65,
    Kind.NEW_LEADER: 62,
    Kind.NEW_DEPARTMENT: 60,
    Kind.FEW_LEFT: 55,
    Kind.DEPARTMENT_GROWTH: 50,
    Kind.LOW_ADOPTION: 45,
    Kind.LOW_HEALTH: 46,
    Kind.POWER_USERS: 40,
    Kind.SHARING: 60,
    Kind.VALUE_PROVEN: 65,
    Kind.FEATURE_ASKED: 68,
    Kind.RENEWAL: 78,
    Kind.CHECK_IN: 20,
}

# So long after an episode ended, a new one of the same kind is kept but not told. The 80 % crossing has its own
# distance between firing and re-arming instead.
COOL_DOWN: dict[str, timedelta] = {
    Kind.CROSSED: timedelta(0),
    Kind.FEW_LEFT: timedelta(days=1),
    Kind.FULL: timedelta(days=1),
    Kind.CHECK_IN: timedelta(0),
    Kind.SHARING: timedelta(0),
    Kind.VALUE_PROVEN: timedelta(0),
    Kind.CHAMPION_LEFT: timedelta(0),
    Kind.INTEREST: timedelta(days=7),
    Kind.FEATURE_ASKED: timedelta(0),
}
USUAL_COOL_DOWN = timedelta(days=14)


def cool_down(kind: str) -> timedelta:
    """How long a kind stays quiet after its end."""
    return COOL_DOWN.get(kind, USUAL_COOL_DOWN)


def playbook_for(kind: str, *, low: bool) -> Playbook | None:
    """What follows a signal now; None while it has to wait.

    While adoption comes first (bands.adoption_first) nobody is pushed to sell: the crossing leads to an adoption task,
    every other expansion waits.
    """
    usual = FOLLOWS[kind]
    if not low or not usual.expands:
        return usual
    return ADOPTION if kind == Kind.CROSSED else None


def due_on(day: date, working_days: int) -> date:
    """So many working days later, Monday to Friday."""
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < 5
    return day
