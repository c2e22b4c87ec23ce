"""How an account keeps and shows its usage."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import OuterRef, Subquery

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.models import Account
from seats.models import UsageSettings


def usage_settings(account: Account) -> UsageSettings:
    """The account's settings, or the defaults unsaved."""
    return UsageSettings.objects.filter(account=account).first() or UsageSettings(account=account)


def kept_from(account: Account, *, at: datetime, settings: UsageSettings | None = None) -> datetime:
    """From when on events are taken in. settings: the account's, where they have been read already.

    Never of a day that was forgotten, also when events are kept longer since: its ids are forgotten too, so what is
    sent again would count again.
    """
    row = settings or usage_settings(account)
    earliest = at - timedelta(days=row.keep_days)
    if row.forgotten_to is None:
        return earliest
    day = row.forgotten_to + timedelta(days=1)
    return max(earliest, datetime.combine(day, time.min, ZoneInfo(account.time_zone)))


def groups_only(account: Account) -> bool:
    """Whether usage may be shown for groups only: no names, nothing of one person, no group of fewer than five."""
    return _shown(account)[0]


def compared(account: Account) -> bool:
    """Whether the account is counted among its peers and shown them."""
    return _shown(account)[1]


def _shown(account: Account) -> tuple[bool, bool]:
    """Both. Asked of the database once for an account object, which lives as long as a request."""
    seen = vars(account)
    if "_shown" not in seen:
        row = usage_settings(account)
        remember_shown(account, row.groups_only, row.peers)
    shown: tuple[bool, bool] = seen["_shown"]
    return shown


def setting_of(account: Account | OuterRef, name: str) -> Subquery:
    """An account's setting, None without a row: for a statement that reads something else, too."""
    return Subquery(UsageSettings.objects.filter(account=account).values(name)[:1])


def remember_shown(account: Account, groups_only: bool | None, peers: bool | None) -> None:
    """Spare both their statement, for this account object. None: as without settings."""
    vars(account)["_shown"] = (bool(groups_only), peers is not False)


@transaction.atomic
def set_usage_settings(
    *, account: Account, keep_days: int, groups_only: bool, actor: Actor, peers: bool | None = None
) -> None:
    """Change them. Events beyond a shortened time are forgotten in the following night.

    peers: whether the account is counted among its peers from the next night on, and shown them now; None: as it is.
    """
    row, _ = UsageSettings.objects.select_for_update().get_or_create(account=account)
    before = {"keep_days": row.keep_days, "groups_only": row.groups_only, "peers": row.peers}
    after = {"keep_days": keep_days, "groups_only": groups_only, "peers": row.peers if peers is None else peers}
    if after == before:
        return
    for name, value in after.items():
        setattr(row, name, value)
    row.save(update_fields=[*after])
    vars(account).pop("_shown", None)
    record_audit(
        account=account,
        actor=actor,
        action="usage.settings_changed",
        target=account.public_id,
        old=before,
        new=after,
    )
