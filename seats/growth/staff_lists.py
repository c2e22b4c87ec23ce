"""What the team's own tools list, over all accounts."""

from datetime import date

from django.db.models import QuerySet

from seats.models import ExpansionTask, Signal


def signals_for_staff(*, account: str = "", kind: str = "", state: str = "") -> QuerySet[Signal]:
    """account: its slug. state: open or ended."""
    found = Signal.objects.select_related("account", "task")
    if account:
        found = found.filter(account__slug=account)
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(ended_at__isnull=state == "open")
    return found


def tasks_for_staff(
    *, account: str = "", state: str = "", playbook: str = "", owner: str = "", due_by: date | None = None
) -> QuerySet[ExpansionTask]:
    """account: its slug. state: one of the task's, or `live` for those to be done. owner: an e-mail address."""
    found = ExpansionTask.objects.select_related("account", "owner", "closed_by", "won_entry").prefetch_related(
        "signals"
    )
    if account:
        found = found.filter(account__slug=account)
    if state:
        found = found.filter(state__in=ExpansionTask.LIVE if state == "live" else [state])
    if playbook:
        found = found.filter(playbook=playbook)
    if owner:
        found = found.filter(owner__email__iexact=owner)
    if due_by is not None:
        found = found.filter(due_on__lte=due_by)
    return found
