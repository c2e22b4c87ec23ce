"""Times and limits of the state machine (payments.md §4). Pure."""

from datetime import timedelta

# Stripe forgets a key after 24 hours; with a margin, no key is sent again after 20.
KEY_LIFE = timedelta(hours=20)
# Stripe was never reached: nobody waits longer than this for a purchase that did not begin.
NOT_SENT_LIFE = timedelta(hours=1)
# After an answered 5xx a replay only returns the stored answer: this many reads over this long decide.
SERVER_ERROR_LIFE = timedelta(hours=1)
SERVER_ERROR_READS = 6
# An unpaid update is dropped by Stripe at its expiry; we look shortly after.
AFTER_EXPIRY = timedelta(minutes=5)

# While payment is awaited a webhook normally tells; a lost one costs at most this.
LOOK_AGAIN = timedelta(minutes=2)
# Somebody who watches sees what is at most this old.
FRESH = timedelta(seconds=4)

# A purchase can be taken back this long after its seats were there (product.md §4.6).
UNDO_WITHIN = timedelta(minutes=15)

_STEPS = (5, 30, 120, 600, 3600, 21_600)


def backoff(times: int) -> timedelta:
    """How long to wait after the nth look: 5 s, 30 s, 2 min, 10 min, 1 h, 6 h."""
    return timedelta(seconds=_STEPS[min(max(times - 1, 0), len(_STEPS) - 1)])
