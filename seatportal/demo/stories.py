"""What happened to each firm of the demo, told forward in days before today."""

import calendar
from datetime import UTC, datetime, timedelta
from functools import partial

from accounts.access.actor import Actor
from accounts.members.invitations import invite_member
from accounts.models import Role
from billing.changes.decreases import plan_decrease
from billing.terms.set_terms import set_terms
from seatportal.demo import asked, casting, single_sign_on, value
from seatportal.demo.desks import give_devices
from seatportal.demo.files import hand_in_festival, import_season
from seatportal.demo.firm import Firm, add_to
from seatportal.demo.rollouts import add_tranche, look_at_tranches, plan_rollout
from seatportal.demo.spending import agree_on_spending, approve_first_step, ask_for_purchase
from seatportal.demo.timeline import Timeline
from seatportal.demo.vendor import Vendor
from seats.capacity.set_policy import set_policy
from seats.holders.reserve_seat import invite_with_seat
from seats.holders.wait import wait_for_seat
from seats.requests.request_seat import request_seat
from seats.true_up.run_true_ups import run_true_ups

# Building takes seconds, in which the simulator's clock goes on; a period must not begin that much too late.
SLACK = timedelta(minutes=1)
MONTHS_OF_HISTORY = 13


def days(number: float) -> timedelta:
    return timedelta(days=number)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day some months earlier, or that month's last day."""
    total = moment.year * 12 + moment.month - 1 - months
    year, month = total // 12, total % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def half_way(now: datetime) -> datetime | None:
    """Where a monthly period began of which exactly half the days are over; None on a day with no such period.

    Only months of an even number of days have a half that is counted in whole days.
    """
    for length in (30, 28):
        start = now - days(length / 2) - SLACK
        if calendar.monthrange(start.year, start.month)[1] == length:
            return start
    return None


def brightwater(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """The account of the customer's logins: 10 seats bought, 9 held, 8 of them active; half of the period is over."""
    firm = Firm(casting.BRIGHTWATER, vendor)
    running = half_way(now.astimezone(UTC))
    if running is not None:
        price, start = "team-usd", months_before(running, MONTHS_OF_HISTORY)
    else:
        price, start = "team-usd-30-days", now - days(15 + 30 * MONTHS_OF_HISTORY) - SLACK
    line.at(start - days(3), firm.open)
    line.at(start, lambda at: firm.subscribe(price, 5, at))
    line.at(start + days(1), lambda at: firm.seat(at, "maya"))
    line.at(start + days(1), lambda at: firm.join_and_sit(at, "tomás", "priya", "kwame", "hanna"))
    line.at(start + days(2), lambda at: firm.join([firm.by_key["elif"], firm.by_key["marek"]], at))
    line.at(now - days(205), lambda at: firm.buy(3, "Two designers and a developer start", at))
    line.at(now - days(204), lambda at: firm.join_and_sit(at, "diego", "sofie", "yusuf"))
    line.at(
        now - days(101),
        lambda at: firm.reassign(at, of="hanna", to="noor", reason="Hanna leaves, Noor takes over the studies"),
    )
    line.at(now - days(100), lambda at: firm.leave("hanna", at))
    line.at(now - days(64), lambda at: firm.buy(2, "A growth team", at))
    line.at(now - days(63), lambda at: firm.join_and_sit(at, "grace"))
    line.at(now - days(40), lambda at: firm.join([firm.by_key["aroha"]], at))
    line.at(now - days(19), lambda at: firm.join([firm.by_key["liam"], firm.by_key["wen"]], at))
    line.at(now - days(3), lambda at: _ask(firm, "liam", "I start on the festival campaign next week.", at))
    line.at(now - days(1), lambda at: _invite(firm, "ola.lindgren", "Ola Lindgren", at))
    _brightwater_asks(line, firm, now)
    _brightwater_spends(line, firm, now)
    line.at(now, firm.use)
    line.at(now, look_at_tranches)
    value.on_day_37(firm, line, now)
    return firm


def quillmark(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """At its hard limit: 10 of 10 seats held, two people wait."""
    firm = Firm(casting.QUILLMARK, vendor)
    holders = [person.key for person in firm.cast.people[1:10]]
    line.at(now - days(172), firm.open)
    line.at(now - days(171), lambda at: firm.subscribe("business-usd", 10, at, card="pm_card_mastercard"))
    line.at(now - days(170), lambda at: firm.seat(at, "rosalind"))
    line.at(now - days(170), lambda at: firm.join_and_sit(at, *holders))
    line.at(now - days(33), lambda at: firm.join([firm.by_key[key] for key in ("mateo", "ingrid", "dalia")], at))
    line.at(now - days(6), lambda at: _wait(firm, "mateo", at))
    line.at(now - days(4), lambda at: _wait(firm, "ingrid", at))
    value.reported(firm, line, now)
    line.at(now, firm.use)
    return firm


def harbourline(line: Timeline, vendor: Vendor, now: datetime, *, guest: Firm) -> Firm:
    """Above its soft limit: 12 seats in use of 10 bought, 3 more allowed. The guest's owner is an admin here too.

    Its quarter ended two days ago, and its true-up waits for a review. Three people use its dispatch desk's sign-in.
    One is paused, two regions have seats of their own, and people come in by its identity provider.
    """
    firm = Firm(casting.HARBOURLINE, vendor)
    first = [person.key for person in firm.cast.people[1:9]]
    later, paused = [person.key for person in firm.cast.people[10:12]], firm.cast.people[12].key
    line.at(now - days(171), firm.open)
    line.at(now - days(170), lambda at: firm.subscribe("team-usd", 10, at, card="pm_card_amex"))
    line.at(now - days(169), lambda at: firm.seat(at, "callum"))
    line.at(now - days(169), lambda at: firm.join_and_sit(at, *first, paused))
    line.at(now - days(120), lambda at: firm.pause(paused, "Parental leave", at, resumes_on=now.date() + days(45)))
    line.at(now - days(119), lambda at: firm.join_and_sit(at, firm.cast.people[9].key))
    line.at(now - days(110), lambda at: firm.split({"Asia-Pacific": 2, "Africa": 1}, "Bought by the local offices", at))
    line.at(now - days(100), lambda at: _agree_true_up(firm, months_before(now - days(2), 3), at))
    line.at(now - days(70), lambda at: _allow_over(firm, at))
    line.at(now - days(60), lambda at: firm.join_and_sit(at, *later))
    line.at(now - days(30), lambda at: add_to(firm, guest.people["maya"].user, Role.ADMIN, at))
    ends = f"{now + days(70):%Y-%m-%d}"
    line.at(now - days(2), lambda at: import_season(firm, at, ends=ends))
    line.at(now - days(45), lambda at: single_sign_on.connect_provider(firm, "Harbourline ID", at))
    line.at(now - days(3), lambda at: single_sign_on.come_by_provider(firm, "petra.vale", "Petra Vale", at))
    line.at(now - days(1), lambda at: single_sign_on.come_by_provider(firm, "luc.moreau", "Luc Moreau", at))
    line.at(now, lambda at: single_sign_on.check_again(firm, at))
    give_devices(firm, line, now, shared="desk", carried="lucía")
    line.at(now, firm.use)
    line.at(now, lambda at: asked.nudge_longest_idle(firm, at))
    line.at(now, lambda at: run_true_ups(at=at))
    return firm


def saffron(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """Past due: the card was replaced by one that declines, and the renewal of two days ago failed."""
    firm = Firm(casting.SAFFRON, vendor)
    start = months_before(now - days(2), 3)
    line.at(start - days(1), firm.open)
    line.at(start, lambda at: firm.subscribe("business-eur", 6, at))
    line.at(start + days(1), lambda at: firm.seat(at, "aoife"))
    line.at(start + days(1), lambda at: firm.join_and_sit(at, "farid", "chiara", "stefan", "mireille"))
    line.at(now - days(12), lambda at: firm.put_card("pm_card_chargeCustomerFail", at))
    line.at(now, firm.use)
    return firm


def fernhollow(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """Empty and new."""
    firm = Firm(casting.FERNHOLLOW, vendor)
    line.at(now - timedelta(hours=1), firm.open)
    return firm


def valdeluz(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """Twelve seats in euros and Spanish, committed to for a year at 15 % less; 10 are to be kept at its end.

    The end is 85 days away, with three seats that nobody holds: a renewal at risk.
    """
    firm = Firm(casting.VALDELUZ, vendor)
    line.at(now - days(296), firm.open)
    line.at(now - days(295), lambda at: firm.subscribe("business-eur", 12, at))
    line.at(now - days(280), lambda at: firm.switch("business-eur-year", at))
    line.at(now - days(279), lambda at: firm.seat(at, "inés"))
    line.at(now - days(279), lambda at: firm.join_and_sit(at, *[person.key for person in firm.cast.people[1:]]))
    line.at(now - days(8), lambda at: _reduce(firm, 10, "La obra de la planta termina", at))
    line.at(now, firm.use)
    return firm


def mizuhara(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """In yen, which has no minor unit."""
    firm = Firm(casting.MIZUHARA, vendor)
    line.at(now - days(79), firm.open)
    line.at(now - days(78), lambda at: firm.subscribe("team-jpy", 6, at))
    line.at(now - days(77), lambda at: firm.seat(at, "haruka"))
    line.at(now - days(77), lambda at: firm.join_and_sit(at, "kenji", "ayumi", "daichi", "rin"))
    line.at(now, firm.use)
    return firm


def tidewell(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """With credit, two seats below the volume step: 8 held, one reserved by an invitation."""
    firm = Firm(casting.TIDEWELL, vendor)
    line.at(now - days(131), firm.open)
    line.at(now - days(130), lambda at: firm.subscribe("volume-usd", 9, at))
    line.at(now - days(129), lambda at: firm.seat(at, "ngozi"))
    line.at(now - days(129), lambda at: firm.join_and_sit(at, *[person.key for person in firm.cast.people[1:]]))
    line.at(now - days(5), lambda at: firm.credit(7500, "For the outage of the scheduling board", at))
    line.at(now - days(1), lambda at: _invite_with_seat(firm, "paula.reyes", "Paula Reyes", at))
    line.at(now, firm.use)
    return firm


def northfen(line: Timeline, vendor: Vendor, now: datetime) -> Firm:
    """Pays by invoice within 30 days, on credit up to a limit; its plan begins at ten seats. One invoice is open."""
    firm = Firm(casting.NORTHFEN, vendor)
    line.at(now - days(62), firm.open)
    line.at(now - days(60), lambda at: firm.subscribe_by_invoice("scale-usd-year", 10, at))
    line.at(now - days(59), lambda at: _agree_on_credit(firm, at))
    line.at(now - days(58), lambda at: firm.seat(at, "winifred"))
    line.at(now - days(58), lambda at: firm.join_and_sit(at, "jerome", "moira", "sanjay", "elspeth"))
    line.at(now - days(57), lambda at: firm.join([firm.by_key["dimitri"]], at))
    line.at(now - days(40), firm.pay_by_transfer)
    line.at(now - days(6), lambda at: firm.buy(1, "A trainee in permits", at))
    line.at(now, firm.use)
    return firm


def _agree_on_credit(firm: Firm, at: datetime) -> None:
    set_terms(
        account=firm.account,
        reason="Framework contract, net 30",
        actor=Actor.system("demo"),
        at=at,
        credit_limit=250_000,
        po_number="NC-2214",
    )


def _brightwater_asks(line: Timeline, firm: Firm, now: datetime) -> None:
    """Who reports to whom, and three wishes: one planned, one declined, one that nobody has answered."""
    charts, dark = "Charts in the weekly mail", "A mascot for the sign-in page"
    line.at(now - days(18), lambda at: asked.place_people(firm, at))
    line.at(now - days(34), lambda at: asked.ask(firm, "tomás", charts, "I paste them in by hand.", "other", at))
    line.at(now - days(30), lambda at: asked.answer(firm, charts, "planned", "In the spring release.", at))
    line.at(now - days(26), lambda at: asked.ask(firm, "sofie", dark, "It would make us smile.", "other", at))
    line.at(now - days(25), lambda at: asked.answer(firm, dark, "declined", "We keep that page plain.", at))
    why = "Our ten people sign in with Google everywhere else."
    line.at(now - days(2), lambda at: asked.ask(firm, "priya", "Sign-in with our Google Workspace", why, "sso", at))


def _brightwater_spends(line: Timeline, firm: Firm, now: datetime) -> None:
    """An allowance with approvers above it, a purchase at its second approver, a rollout, and a file to look at."""
    budgets = {"Design": 250_00, "Engineering": 100_00, "Growth": 150_00}
    line.at(now - days(30), lambda at: agree_on_spending(firm, at, amount=300_00, owner_from=100_00, **budgets))
    line.at(now - days(20), lambda at: plan_rollout(firm, "Festival campaign", at, budget_month=1))
    for seats, in_days, owner, ceiling, gate, po_number in (
        (2, 17, "grace", 150_00, 90, ""),
        (3, 60, "grace", 200_00, 80, ""),
        (5, 150, "tomás", 300_00, 80, "BW-2027-014"),
    ):
        add = partial(add_tranche, firm, seats=seats, in_days=in_days, owner=owner, ceiling=ceiling, gate=gate)
        line.at(now - days(19), partial(add, po_number=po_number))
    why = "Six freelancers draw for the festival from next month on."
    line.at(now - days(5), lambda at: ask_for_purchase(firm, "tomás", 6, why, at, po_number="BW-2026-118"))
    line.at(now - days(2), lambda at: approve_first_step(firm, "marek", "In the plan for the campaign.", at))
    line.at(now - days(2), lambda at: hand_in_festival(firm, "elif", at))
    line.at(now - days(1), lambda at: single_sign_on.add_unproved_domain(firm, at))


def _ask(firm: Firm, key: str, reason: str, at: datetime) -> None:
    member = firm.people[key]
    request_seat(
        account=firm.account,
        membership=member,
        asked_by=member.user,
        reason=reason,
        actor=firm.actor_of(key),
        at=at,
    )


def _wait(firm: Firm, key: str, at: datetime) -> None:
    wait_for_seat(account=firm.account, membership=firm.people[key], actor=firm.actor, at=at)


def _allow_over(firm: Firm, at: datetime) -> None:
    set_policy(
        account=firm.account,
        mode="soft",
        allowance=3,
        grace_days=30,
        reason="Season staff may start before the order is through",
        actor=firm.actor,
        at=at,
    )


def _agree_true_up(firm: Firm, first: datetime, at: datetime) -> None:
    set_terms(
        account=firm.account,
        inactive_policy="hybrid",
        true_up_from=first.date(),
        reason="Season staff come and go; settled every quarter",
        actor=Actor.system("demo"),
        at=at,
    )


def _reduce(firm: Firm, quantity: int, reason: str, at: datetime) -> None:
    plan_decrease(account=firm.account, quantity=quantity, actor=firm.actor, reason=reason, at=at)


def _invite(firm: Firm, mailbox: str, name: str, at: datetime) -> None:
    invite_member(
        account=firm.account,
        email=f"{mailbox}@{firm.cast.domain}",
        role=Role.MEMBER,
        department=None,
        name=name,
        actor=firm.actor,
        at=at,
    )


def _invite_with_seat(firm: Firm, mailbox: str, name: str, at: datetime) -> None:
    invite_with_seat(
        account=firm.account,
        email=f"{mailbox}@{firm.cast.domain}",
        role=Role.MEMBER,
        department=None,
        name=name,
        actor=firm.actor,
        at=at,
    )
