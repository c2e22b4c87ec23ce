"""The mail of an invitation: the row is the job, an empty `sent_at` means that it is due."""

from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.members.invitations import LIFETIME, token_of
from accounts.models import Invitation
from seatportal.kit.queue import ring
from seatportal.kit.smtp import message_id, refused_for_good
from seatportal.kit.tokens import token_hash

log = structlog.get_logger(__name__)

# The bell gets this long before the sweep takes over; a mail server that takes longer may cause a second mail.
_BELL = timedelta(minutes=1)


def send_invitation(*, invitation_id: int, at: datetime) -> bool:
    """Send the mail if it is still due; return whether it was sent.

    Nothing is locked while the mail server works. Better two mails than none: the row is marked after the mail is out,
    and only if no newer link was made meanwhile. An address that the mail server refuses is not tried again.
    Raises OSError when the mail server cannot be reached or says: later; the sweep tries again.
    """
    invitation = (
        Invitation.objects.select_related("account", "invited_by__user")
        .filter(pk=invitation_id, state=Invitation.State.OPEN, sent_at__isnull=True, expires_at__gt=at)
        .first()
    )
    if invitation is None:
        return False
    try:
        _mail(invitation).send()
    except SMTPRecipientsRefused as error:
        if not refused_for_good(error):
            raise
        log.warning("invitation_refused_by_mail_server", invitation=invitation.public_id)
    Invitation.objects.filter(pk=invitation.pk, nonce=invitation.nonce).update(sent_at=at)
    return True


def ring_waiting_invitations(*, at: datetime) -> int:
    """Ring again for mails whose bell was lost or whose sending failed; return how many."""
    due = Invitation.objects.filter(
        state=Invitation.State.OPEN, sent_at__isnull=True, expires_at__gt=at, expires_at__lte=at + LIFETIME - _BELL
    )
    ids = list(due.order_by("pk").values_list("pk", flat=True)[:500])
    for pk in ids:
        ring("accounts.send_invitation", invitation_id=pk)
    return len(ids)


def link_of(invitation: Invitation) -> str:
    """The address that the mail carries."""
    return f"{settings.SITE_URL}{reverse('accounts:accept_invitation', args=[token_of(invitation)])}"


def _mail(invitation: Invitation) -> EmailMultiAlternatives:
    account = invitation.account
    inviter = invitation.invited_by.user.get_full_name() if invitation.invited_by else account.name
    context = {"invitation": invitation, "account": account, "inviter": inviter, "link": link_of(invitation)}
    with translation.override(account.locale), timezone.override(account.time_zone):
        subject = " ".join(render_to_string("emails/invitation.subject.txt", context).split())
        # A newer link is another mail. What makes the link stands in no header, not even its nonce.
        name = token_hash(f"{invitation.public_id}:{invitation.nonce}", purpose="invitation-mail")[:24]
        mail = EmailMultiAlternatives(
            subject,
            render_to_string("emails/invitation.txt", context),
            to=[invitation.email],
            headers={"Message-ID": message_id(f"{invitation.public_id}.{name}")},
        )
        mail.attach_alternative(render_to_string("emails/invitation.html", context), "text/html")
    return mail
