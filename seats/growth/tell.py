"""From signals to alerts and tasks, in the caller's transaction.

One alert per account and sweep, one open task per account and playbook.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Q

from billing.models import Price
from seatportal.kit.queue import ring
from seats.growth.picture import Span, pictures_of
from seats.growth.playbooks import FOLLOWS, Playbook, due_on, playbook_for
from seats.growth.readers import deliveries_for, leads_of
from seats.growth.value import prices_of, worth_of
from seats.insight.bands import adoption_first
from seats.models import Alert, AlertDelivery, ExpansionTask, Signal

type TaskKey = tuple[int, str, str]


def tell_signals(*, span: Span, at: datetime) -> int:
    """Tell what is not told yet, and give the tasks that had to wait for adoption; returns how many alerts.

    The signals are locked: of two sweeps one tells and the other finds nothing left. Whoever is killed has told
    nothing, and the next sweep does.
    """
    waiting = list(
        Signal.objects.select_for_update()
        .filter(account_id__gte=span.first, account_id__lte=span.last, ended_at__isnull=True)
        .filter(Q(told_at__isnull=True) | Q(held_back=True))
        .order_by("pk")
    )
    if not waiting:
        return 0
    pictures = pictures_of(sorted({signal.account_id for signal in waiting}), at)
    unwell = set(
        Signal.objects.filter(
            account_id__in=pictures.keys(), kind=Signal.Kind.LOW_HEALTH, ended_at__isnull=True
        ).values_list("account_id", flat=True)
    )
    tasks: dict[TaskKey, tuple[Playbook, list[Signal]]] = {}
    told: dict[int, list[Signal]] = defaultdict(list)
    moved: list[Signal] = []
    for signal in waiting:
        usual = FOLLOWS[signal.kind]
        seats = pictures[signal.account_id].seats
        playbook = playbook_for(signal.kind, low=adoption_first(seats, poor_health=signal.account_id in unwell))
        if playbook is None or (playbook is not usual and signal.told_at is not None):
            # Adoption first: the task for more seats goes on waiting.
            if not signal.held_back:
                signal.held_back = True
                moved.append(signal)
            continue
        subject = signal.subject if playbook.each else ""
        tasks.setdefault((signal.account_id, playbook.key, subject), (playbook, []))[1].append(signal)
        if signal.told_at is None and playbook.alerts:
            told[signal.account_id].append(signal)
        signal.told_at, signal.held_back = signal.told_at or at, playbook is not usual
        moved.append(signal)
    _give_tasks(tasks, at)
    _write_alerts(told, at)
    _mark(moved)
    return len(told)


def _mark(signals: Sequence[Signal]) -> None:
    """Write down what followed, in one statement however many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE seats_signal s SET told_at = t.told, held_back = t.held, alert_id = t.alert, task_id = t.task "
            "FROM unnest(%s::bigint[], %s::timestamptz[], %s::bool[], %s::bigint[], %s::bigint[]) "
            "AS t(id, told, held, alert, task) WHERE s.id = t.id",
            [
                [signal.pk for signal in signals],
                [signal.told_at for signal in signals],
                [signal.held_back for signal in signals],
                [signal.alert_id for signal in signals],
                [signal.task_id for signal in signals],
            ],
        )


def _give_tasks(wanted: dict[TaskKey, tuple[Playbook, list[Signal]]], at: datetime) -> None:
    """Open what is missing, join what is open: the suggested number only grows."""
    if not wanted:
        return
    accounts = {account for account, _playbook, _subject in wanted}
    prices, leads = prices_of(accounts), leads_of(accounts)
    today = at.astimezone(UTC).date()
    rows = []
    for (account_id, key, subject), (playbook, signals) in sorted(wanted.items(), key=lambda item: item[0]):
        quantity = _most(signals) if playbook.expands else None
        row = ExpansionTask(
            account_id=account_id,
            playbook=key,
            pattern=playbook.pattern,
            subject=subject,
            expands=playbook.expands,
            owner_id=leads.get(account_id),
            opened_at=at,
            due_on=due_on(today, playbook.days),
            quantity=quantity,
        )
        if quantity and account_id in prices:
            _estimate(row, *prices[account_id])
        rows.append(row)
    # Where one is open, the constraint lets this one fall, and the signals join it.
    ExpansionTask.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2000)
    found = ExpansionTask.objects.select_for_update().filter(
        account_id__in=accounts, state__in=ExpansionTask.LIVE, playbook__in={key for _a, key, _s in wanted}
    )
    grown = []
    for task in found.order_by("pk"):
        _playbook, signals = wanted.get((task.account_id, task.playbook, task.subject), (None, []))
        for signal in signals:
            signal.task = task
        quantity = _most(signals)
        if task.expands and quantity is not None and quantity > (task.quantity or 0):
            task.quantity = quantity
            if task.account_id in prices:
                _estimate(task, *prices[task.account_id])
            grown.append(task)
    ExpansionTask.objects.bulk_update(grown, ["quantity", "value", "value_currency", "value_interval"], batch_size=2000)


def _most(signals: Iterable[Signal]) -> int | None:
    return max((signal.seats for signal in signals if signal.seats is not None), default=None)


def _estimate(task: ExpansionTask, price: Price, quantity: int) -> None:
    worth = worth_of(price, quantity, task.quantity or 0)
    task.value = worth.amount if worth else None
    task.value_currency, task.value_interval = (worth.currency, worth.interval) if worth else ("", "")


def _write_alerts(told: dict[int, list[Signal]], at: datetime) -> None:
    """One alert for each account, one delivery for each way; bells after commit."""
    alerts: dict[int, Alert] = {account: Alert(account_id=account, at=at) for account in sorted(told)}
    Alert.objects.bulk_create(alerts.values(), batch_size=2000)
    for account, signals in told.items():
        for signal in signals:
            signal.alert = alerts[account]
    rows: Sequence[AlertDelivery] = deliveries_for(list(alerts.values()), at)
    AlertDelivery.objects.bulk_create(rows, batch_size=2000)
    # A few bells at once; whatever is more is found by the sweep of deliveries within a minute.
    for row in [row for row in rows if row.sent_at is None and not row.digest][:50]:
        ring("seats.deliver_alert", delivery_id=row.pk)
