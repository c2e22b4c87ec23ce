"""Who hears an alert, and on which ways."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from seats.models import AccountManager, Alert, AlertDelivery, AlertEndpoint, AlertPreference, Channel

# The hour of the day, in the reader's zone, at which the digest goes.
DIGEST_HOUR = 7


def leads_of(accounts: Collection[int]) -> dict[int, int]:
    """The person who leads each account, and so owns its tasks."""
    found = AccountManager.objects.filter(
        account_id__in=accounts, leads=True, user__is_active=True, user__is_staff=True
    )
    return dict(found.values_list("account_id", "user_id"))


def deliveries_for(alerts: Sequence[Alert], at: datetime) -> list[AlertDelivery]:
    """A row for each person and way, not written yet. Four statements, however many alerts.

    Those who look after the account hear of it; where nobody does, all staff. Somebody may want to hear of all.
    """
    if not alerts:
        return []
    staff = list(User.objects.filter(is_active=True, is_staff=True).order_by("pk"))
    wishes = {row.user_id: row for row in AlertPreference.objects.filter(user__in=staff)}
    team: dict[int, set[int]] = defaultdict(set)
    managers = AccountManager.objects.filter(account_id__in=[alert.account_id for alert in alerts], user__in=staff)
    for account_id, user_id in managers.values_list("account_id", "user_id"):
        team[account_id].add(user_id)
    endpoints = list(AlertEndpoint.objects.filter(active=True))
    rows = []
    for alert in alerts:
        mine = team.get(alert.account_id)
        for user in staff:
            wish = wishes.get(user.pk) or AlertPreference(user=user)
            if mine is None or user.pk in mine or wish.scope == AlertPreference.Scope.ALL:
                rows += _ways(alert, user, wish, at)
        rows += [
            AlertDelivery(
                alert=alert, account_id=alert.account_id, channel=endpoint.channel, endpoint=endpoint, next_try_at=at
            )
            for endpoint in endpoints
        ]
    return rows


def _ways(alert: Alert, user: User, wish: AlertPreference, at: datetime) -> list[AlertDelivery]:
    common = {"alert": alert, "account_id": alert.account_id, "user": user}
    rows = []
    if wish.mail != AlertPreference.Mail.NEVER:
        digest = wish.mail == AlertPreference.Mail.DAILY
        due = next_digest(user, at) if digest else at
        rows.append(AlertDelivery(**common, channel=Channel.MAIL, digest=digest, next_try_at=due))
    if wish.in_app:
        # The row is the message: there is nothing to send.
        rows.append(AlertDelivery(**common, channel=Channel.IN_APP, next_try_at=at, sent_at=at))
    return rows


def next_digest(user: User, at: datetime) -> datetime:
    """The next digest hour in the reader's zone."""
    local = at.astimezone(ZoneInfo(user.time_zone or "UTC"))
    hour = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return hour if hour > local else hour + timedelta(days=1)
