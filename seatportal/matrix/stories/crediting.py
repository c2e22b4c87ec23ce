"""K4: staff give back what was charged beyond the quote; processes die around the credit note."""

from collections.abc import Callable

from accounts.access.actor import Actor
from accounts.models import User
from billing.models import CreditNote, Incident, QuantityChange
from billing.reconcile.issue_credit_note import issue_credit_note
from seatportal.matrix import cuts
from seatportal.matrix.stage import Stage
from seatportal.matrix.stories.buying import settle
from seatportal.matrix.stories.prices import tax_begins

State = QuantityChange.State


def credited(*, kill: str = "", sweep: str = "", fault: str = "", credit: int = 0) -> Callable[[Stage], None]:
    """Tax began after the quote, so more was charged than promised. The click that gives it back is killed.

    credit: minor units on the balance beforehand; what paid the bill from there goes back there.
    """

    def story(stage: Stage) -> None:
        stage.open()
        if credit:
            stage.shop.credit(stage.customer, credit, "usd", "goodwill")
        incident = _charged_too_much(stage)
        left = stage.shop.credit_of(stage.customer)
        if fault:
            stage.shop.fault(fault, path="/v1/credit_notes")
        at, staff = stage.at, Actor(user=User.objects.create(email="sam@vendor.example", is_staff=True))
        ended = stage.apart(
            lambda: issue_credit_note(incident=incident, actor=staff, at=at, reason="Taxed after the quote").state,
            *stage.early_news(),
            *([cuts.kill_at(kill, stage.notes)] if kill else []),
        )
        stage.require("the process was killed", ended.killed == bool(kill))
        stage.require("the fault was met", stage.shop.ordered_faults() == 0)
        if sweep:
            stage.shop.wait(minutes=2)
            swept = stage.sweep(cuts.kill_at(sweep, stage.notes), *stage.early_news())
            stage.require("the sweep was killed", swept.killed)
        stage.news()
        stage.rest()
        stage.last_news()
        stage.expect_end(State.APPLIED)
        _expect_credit(stage, incident, to_balance=bool(credit), left=left)

    return story


def _charged_too_much(stage: Stage) -> Incident:
    begins = tax_begins(stage)
    quote = stage.quote()
    begins()
    stage.news()
    stage.click(quote)
    settle(stage)
    incident = Incident.objects.get()
    stage.require("more was charged than quoted", incident.creditable > 0)
    return incident


def _expect_credit(stage: Stage, incident: Incident, *, to_balance: bool, left: int) -> None:
    """One note over exactly the difference; to the card or to the balance, once."""
    incident.refresh_from_db()
    much = incident.creditable
    note = CreditNote.objects.get()
    stage.expect("the note", (note.state, note.amount), (CreditNote.State.ISSUED, much))
    stage.expect("the incident", incident.state, Incident.State.RESOLVED)
    notes = [(row["id"], row["total"]) for row in stage.shop.credit_notes()]
    stage.expect("credit notes at Stripe", notes, [(note.stripe_id, much)])
    stage.expect("refunds to the card", stage.shop.refunds(), [] if to_balance else [much])
    back = much if to_balance else 0
    stage.expect("credit given back", stage.shop.credit_of(stage.customer) - left, back)
