"""A customer says what its buyers may buy by themselves, and who approves the rest."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account, Membership
from billing.errors import BuyingPolicyWrong
from billing.models import ApprovalStep, BuyingPolicy
from billing.terms.approvers import Step, chain_of

MOST_STEPS = 5
FIELDS = ("seats", "amount", "currency", "joiners")


def buying_policy_of(account: Account) -> BuyingPolicy:
    """The account's policy; one that asks for nothing where there is none, not saved."""
    return BuyingPolicy.objects.filter(account=account).first() or BuyingPolicy(account=account)


def lock_buying_policy(account: Account) -> BuyingPolicy:
    """The account's policy, which is nobody else's to change until the transaction ends."""
    BuyingPolicy.objects.get_or_create(account=account)
    return BuyingPolicy.objects.select_for_update(no_key=True).get(account=account)


def lock_chain(account: Account) -> None:
    """Nobody else changes the chain until the transaction ends."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


@transaction.atomic
def set_buying_policy(
    *,
    account: Account,
    seats: int | None,
    amount: int | None,
    currency: str,
    joiners: str,
    reason: str,
    actor: Actor,
    at: datetime,
) -> BuyingPolicy:
    """Set the allowance of a calendar month and what happens to joiners; None: no such limit. Raises BuyingPolicyWrong.

    amount: minor units of `currency`, the subscription's. It holds for what is bought from now on, also for the rest of
    this month.
    """
    if joiners not in BuyingPolicy.Joiners.values:
        raise BuyingPolicyWrong(field="joiners")
    if seats is not None and not 0 <= seats <= 100_000:
        raise BuyingPolicyWrong(_("Seats without approval: 0 to 100,000, or empty for no limit."), field="seats")
    if amount is not None and amount < 0:
        raise BuyingPolicyWrong(_("An amount without approval is zero or more, or empty for no limit."), field="amount")
    if amount is not None and not currency:
        raise BuyingPolicyWrong(
            _("An amount needs a currency. Choose a plan first, or set a number of seats."), field="amount"
        )
    if joiners == BuyingPolicy.Joiners.BUY and seats is None and amount is None:
        raise BuyingPolicyWrong(
            _("Seats are bought for joiners only within an allowance. Set one, in seats or in money."), field="joiners"
        )
    policy = lock_buying_policy(account)
    old = {name: getattr(policy, name) for name in FIELDS}
    new = {"seats": seats, "amount": amount, "currency": currency if amount is not None else "", "joiners": joiners}
    if old == new:
        return policy
    for name, value in new.items():
        setattr(policy, name, value)
    policy.save()
    record_audit(
        account=account,
        actor=actor,
        action="buying_policy.changed",
        target=account.public_id,
        summary=reason[:200],
        old=old,
        new=new,
    )
    return policy


@transaction.atomic
def set_chain(*, account: Account, steps: Sequence[Step], actor: Actor, at: datetime) -> list[Step]:
    """Replace the chain, in the order given; requests that are open keep theirs. Raises BuyingPolicyWrong.

    No steps: one admin or owner approves.
    """
    if len(steps) > MOST_STEPS:
        raise BuyingPolicyWrong(_("A chain has at most %(count)d steps.") % {"count": MOST_STEPS}, field="steps")
    if steps and all(step.from_amount for step in steps):
        raise BuyingPolicyWrong(
            _("One step has to be for all amounts, so that every purchase has an approver."), field="steps"
        )
    if any(step.role not in ApprovalStep.Role.values or step.from_amount < 0 for step in steps):
        raise BuyingPolicyWrong
    lock_chain(account)
    new = [Step(position, step.role, step.people, step.from_amount) for position, step in enumerate(steps, start=1)]
    old = chain_of(account)
    if old == new:
        return old
    named = {pk for step in new for pk in step.people}
    known = set(
        Membership.objects.filter(account=account, pk__in=named, left_at__isnull=True).values_list("pk", flat=True)
    )
    if named != known:
        raise BuyingPolicyWrong(_("Name only people of this account."))
    ApprovalStep.objects.filter(account=account).delete()
    for step in new:
        row = ApprovalStep.objects.create(
            account=account, position=step.position, role=step.role, from_amount=step.from_amount
        )
        row.people.set(step.people)
    record_audit(
        account=account,
        actor=actor,
        action="approval_chain.changed",
        target=account.public_id,
        old=[_plain(step) for step in old],
        new=[_plain(step) for step in new],
    )
    return new


def _plain(step: Step) -> dict[str, object]:
    return {"role": step.role, "people": len(step.people), "from_amount": step.from_amount}
