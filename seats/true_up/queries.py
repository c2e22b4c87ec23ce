"""Finding true-ups and credits. Every query starts from an account."""

from django.db.models import QuerySet

from accounts.models import Account
from billing.models import IdleCredit
from seats.models import TrueUp


def true_ups_of(account: Account) -> QuerySet[TrueUp]:
    """The account's true-ups, the newest quarter first."""
    return TrueUp.objects.filter(account=account).select_related("decided_by", "quote", "change")


def open_true_up(account: Account) -> TrueUp | None:
    """The one that is announced, under review or not settled yet; the oldest, if there are two."""
    return true_ups_of(account).filter(state__in=TrueUp.OPEN).order_by("first_day").first()


def waiting_true_up(account: Account) -> TrueUp | None:
    """The one that needs somebody: to be reviewed, or not paid."""
    return true_ups_of(account).filter(state__in=(TrueUp.State.REVIEW, TrueUp.State.FAILED)).last()


def true_up_of(account: Account, true_up_id: str) -> TrueUp | None:
    """One true-up by its public id."""
    return true_ups_of(account).select_related("account").filter(public_id=true_up_id).first()


def credits_of(account: Account) -> QuerySet[IdleCredit]:
    """The account's credits for idle seats, the newest period first."""
    return IdleCredit.objects.filter(account=account)


def credit_of(account: Account, credit_id: str) -> IdleCredit | None:
    """One credit by its public id."""
    return credits_of(account).filter(public_id=credit_id).first()
