"""Celery doors: each calls one verb."""

from celery import shared_task

from accounts.keys import oauth
from accounts.members import invitations, send_invitation
from accounts.notices import deliver_notice
from accounts.sso import domains, metadata
from accounts.webhooks import deliver_webhook, prune_events
from seatportal.api import idempotency
from seatportal.kit.clock import now


@shared_task(name="accounts.send_invitation")
def send_invitation_task(invitation_id: int) -> None:
    """Rung when an invitation is made or sent again. A failure is left to the sweep."""
    send_invitation.send_invitation(invitation_id=invitation_id, at=now())


@shared_task(name="accounts.send_waiting_invitations")
def send_waiting_invitations_task() -> None:
    """The sweep behind the bell."""
    send_invitation.ring_waiting_invitations(at=now())


@shared_task(name="accounts.deliver_notice")
def deliver_notice_task(notice_id: int) -> None:
    """Rung when a notice is written. A failure is left to the sweep."""
    deliver_notice.deliver_notice(notice_id=notice_id, at=now())


@shared_task(name="accounts.send_waiting_notices")
def send_waiting_notices_task() -> None:
    """The sweep behind the bell."""
    deliver_notice.ring_waiting_notices(at=now())


@shared_task(name="accounts.deliver_webhook")
def deliver_webhook_task(delivery_id: int) -> None:
    """Rung when an event is written. A failure is noted, and the sweep tries again."""
    deliver_webhook.deliver_webhook(delivery_id=delivery_id, at=now())


@shared_task(name="accounts.send_waiting_webhooks")
def send_waiting_webhooks_task() -> None:
    """The sweep behind the bell."""
    deliver_webhook.ring_waiting_webhooks(at=now())


@shared_task(name="accounts.prune_webhook_events")
def prune_webhook_events_task() -> None:
    """The log has an end."""
    prune_events.prune_events(at=now())


@shared_task(name="accounts.recheck_domain")
def recheck_domain_task(domain_id: int) -> None:
    """Rung each night for each proved domain."""
    domains.recheck_domain(domain_id=domain_id, at=now())


@shared_task(name="accounts.recheck_domains")
def recheck_domains_task() -> None:
    """A proof may go; a lost ring is rung again an hour later."""
    domains.ring_due_domains(at=now())


@shared_task(name="accounts.reread_metadata")
def reread_metadata_task(connection_id: int) -> None:
    """Rung each day for each SAML connection that is on."""
    metadata.reread_metadata(connection_id=connection_id, at=now())


@shared_task(name="accounts.reread_all_metadata")
def reread_all_metadata_task() -> None:
    """Certificates are replaced; a lost ring is rung again an hour later."""
    metadata.ring_due_metadata(at=now())


@shared_task(name="accounts.expire_invitations")
def expire_invitations_task() -> None:
    """End what is past its time."""
    invitations.expire_invitations(at=now())


@shared_task(name="accounts.forget_old_answers")
def forget_old_answers_task() -> None:
    """Answers to Idempotency-Keys that nobody repeats any more."""
    idempotency.forget_old_answers(at=now())


@shared_task(name="accounts.forget_ended_tokens")
def forget_ended_tokens_task() -> None:
    """Tokens of OAuth clients that open nothing any more."""
    oauth.forget_ended_tokens(at=now())
