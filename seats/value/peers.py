"""How an account's use compares with that of others like it: same industry, same size (product.md E9).

A band is shown only where five *others* share it, so of six accounts and more: the reader knows their own number, and
of five in all would look at a group of four. Percentiles are interpolated and rounded to whole percent, so that none of
them is one account's own figure. Who takes no part is neither counted nor shown anything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.models import Account
from billing.models.subscription import ENDED
from seats.holders.queries import ACTIVE_WITHIN
from seats.insight.segments import SEGMENTS
from seats.models import PeerBand
from seats.usage.settings import compared

LEAST_OTHERS = 5
# A newer account has not had the thirty days that make somebody active.
SETTLED = timedelta(days=30)
# Says nothing about what an account is like.
NO_INDUSTRY = ("", "other")
# The upper ends of the classes, as the account team's metrics have them.
SIZES = ((10, "1–10"), (50, "11–50"), (250, "51–250"))
LARGEST = "251+"

_BANDS = """
WITH used AS (
    SELECT s.account_id, count(*) AS active
    FROM seats_assignment s JOIN accounts_membership m ON m.id = s.membership_id
    WHERE s.ended_at IS NULL AND m.last_active_at >= %(active_since)s GROUP BY s.account_id
), counted AS (
    SELECT a.industry, {size} AS size, COALESCE(used.active, 0) * 100.0 / p.purchased AS percent
    FROM seats_seatpool p
    JOIN accounts_account a ON a.id = p.account_id
    LEFT JOIN used ON used.account_id = p.account_id
    LEFT JOIN seats_usagesettings s ON s.account_id = p.account_id
    WHERE p.purchased > 0 AND NOT p.frozen = ANY(%(ended)s) AND a.closed_at IS NULL
      AND a.created_at <= %(settled)s AND NOT a.industry = ANY(%(no_industry)s) AND COALESCE(s.peers, true)
)
INSERT INTO seats_peerband (industry, size, accounts, p25, p50, p75, made_at)
SELECT industry, size, count(*), round((percentile_cont(0.25) WITHIN GROUP (ORDER BY percent))::numeric),
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY percent))::numeric),
       round((percentile_cont(0.75) WITHIN GROUP (ORDER BY percent))::numeric), %(at)s
FROM counted GROUP BY industry, size HAVING count(*) > %(others)s
ON CONFLICT (industry, size) DO UPDATE SET accounts = EXCLUDED.accounts, p25 = EXCLUDED.p25, p50 = EXCLUDED.p50,
    p75 = EXCLUDED.p75, made_at = EXCLUDED.made_at
"""


@transaction.atomic
def make_peer_bands(*, at: datetime) -> int:
    """Make all bands anew by one statement; a group that became too small has none. Returns how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BANDS.replace("{size}", SEGMENTS["size"][1]),
            {
                "active_since": at - ACTIVE_WITHIN,
                "settled": at - SETTLED,
                "ended": list(ENDED),
                "no_industry": list(NO_INDUSTRY),
                "others": LEAST_OTHERS,
                "at": at,
            },
        )
        made = int(cursor.rowcount)
    PeerBand.objects.filter(made_at__lt=at).delete()
    return made


def size_class(purchased: int) -> str:
    """Pure."""
    return next((name for most, name in SIZES if purchased <= most), LARGEST)


@dataclass(frozen=True)
class Peers:
    """What an account may see. state: off, no_industry, few or band. own: active ÷ purchased in whole percent.

    others: accounts in the band beside this one.
    """

    state: str
    own: int | None
    industry: str
    size: str
    band: PeerBand | None = None
    others: int = 0

    @property
    def place(self) -> str:
        """below, within or above."""
        if self.band is None or self.own is None:
            return ""
        return "below" if self.own < self.band.p25 else "above" if self.own > self.band.p75 else "within"

    @property
    def top(self) -> int:
        """The end of the axis: more than all seats can be in use."""
        known = [self.own or 0, self.band.p75 if self.band else 0]
        return max(100, -(-max(known) // 20) * 20)

    def at(self, percent: int) -> str:
        """Where a percentage stands on the axis."""
        return f"{percent * 100 / self.top:.2f}%"


def peers_of(account: Account, *, purchased: int, active: int) -> Peers | None:
    """None without seats: there is nothing to compare."""
    if not purchased:
        return None
    size, own = size_class(purchased), active * 100 // purchased
    if not compared(account):
        return Peers("off", own, account.industry, size)
    if account.industry in NO_INDUSTRY:
        return Peers("no_industry", own, account.industry, size)
    band = PeerBand.objects.filter(industry=account.industry, size=size).first()
    if band is None:
        return Peers("few", own, account.industry, size)
    # A new account, or one that grew into this class today, is not among those that were counted last night.
    others = band.accounts - (account.created_at <= band.made_at - SETTLED)
    return Peers("band", own, account.industry, size, band, others)
