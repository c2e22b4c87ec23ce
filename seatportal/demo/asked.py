"""What people ask of each other and of the vendor: who reports to whom, nudges, and wishes for features."""

from datetime import datetime, timedelta

from accounts.access.actor import Actor
from accounts.members.update_member import update_member
from seatportal.demo.firm import Firm
from seatportal.demo.timeline import stamped
from seats.feature_requests.answer_feature import answer_feature
from seats.feature_requests.ask_feature import ask_feature
from seats.insight.people import idle_people
from seats.models import FeatureRequest
from seats.reclaim.nudge_people import nudge_people

# Who leads whom at Brightwater; Grace and Tomás sit, and of Grace's two reports nobody does.
LEADS = {
    "maya": ("tomás", "grace", "elif", "aroha"),
    "tomás": ("priya", "kwame", "sofie", "liam", "diego", "yusuf"),
    "grace": ("wen",),
    "elif": ("marek",),
}
LEVELS = {"maya": "executive", "tomás": "manager", "grace": "manager", "elif": "manager"}


def place_people(firm: Firm, at: datetime) -> None:
    """Levels and managers of a firm."""
    above = {report: lead for lead, reports in LEADS.items() for report in reports}
    for key, member in firm.people.items():
        if member.left_at is not None or key == "hanna":
            continue
        firm.people[key] = update_member(
            account=firm.account,
            membership=member,
            title=member.title,
            department=member.department,
            region=member.region,
            employment=member.employment,
            ends_on=member.ends_on,
            level=LEVELS.get(key, "individual"),
            manager=firm.people[above[key]] if key in above else None,
            actor=firm.actor,
            at=at,
        )


def nudge_longest_idle(firm: Firm, at: datetime) -> None:
    """Nine days ago the person who is silent for the longest was asked; told now, when the use is known."""
    then = at - timedelta(days=9)
    [row] = idle_people(firm.account, then, size=1)
    if row.seat is not None:
        with stamped(then):
            nudge_people(account=firm.account, seat_ids=[row.seat.public_id], actor=firm.actor, at=then)


def ask(firm: Firm, key: str, what: str, why: str, tag: str, at: datetime) -> FeatureRequest:
    """One of its people asks for a feature."""
    return ask_feature(
        account=firm.account,
        membership=firm.people[key],
        what=what,
        why=why,
        tag=tag,
        actor=firm.actor_of(key),
        at=at,
    )


def answer(firm: Firm, what: str, state: str, words: str, at: datetime) -> None:
    """The vendor's staff answer."""
    wish = FeatureRequest.objects.get(account=firm.account, what=what)
    answer_feature(wish=wish, state=state, answer=words, actor=Actor.system("demo"), at=at)
