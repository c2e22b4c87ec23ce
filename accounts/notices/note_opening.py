"""Whether a report that was mailed is read: its link leads by us, and counts once its own reader has signed in.

No picture is loaded and no mail program's look at a link counts, since neither is signed in.
"""

from datetime import datetime, timedelta

from accounts.models import Notice, User
from seatportal.kit.links import sign, unsign

PURPOSE = "opened"
# A mail is an old one by then; its link still leads home.
LONGEST = timedelta(days=400)


def opening_token(notice: Notice) -> str:
    """What the link in the mail ends with."""
    return sign(PURPOSE, notice.public_id)


def note_opening(*, token: str, reader: User, at: datetime, acting: bool = False) -> str | None:
    """Note that the reader followed the link of their own mail, the first time only; returns the page it leads to.

    Somebody else who has the link is led there too, and nothing is noted; nor for staff who are acting as the reader.
    None for a link that is not ours.
    """
    public_id = unsign(PURPOSE, token, within=LONGEST)
    notice = Notice.objects.filter(public_id=public_id).first() if public_id else None
    page = str(notice.context.get("link", "")) if notice else ""
    if notice is None or not page.startswith("/"):
        return None
    if notice.user_id == reader.pk and not acting:
        Notice.objects.filter(pk=notice.pk, opened_at__isnull=True).update(opened_at=at)
    return page
