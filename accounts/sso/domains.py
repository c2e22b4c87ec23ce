"""Prove that a domain is an account's: add it, look in DNS, look again each night, let it go."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import DomainNotProved, DomainTaken
from accounts.models import Account, MailDomain, Membership, Role
from accounts.notices.send_notice import send_notice
from accounts.sso.outward import count_look
from accounts.sso.rules import CHALLENGE, GRACE, PROOF, domain_named
from accounts.webhooks.emit_events import emit_event
from seatportal.kit.dns import DnsSilent, TxtLookup, txt_records
from seatportal.kit.queue import ring
from seatportal.kit.tokens import new_token

Finding = MailDomain.Finding
EACH = timedelta(hours=20)
TOLD = (Role.OWNER, Role.ADMIN)


@transaction.atomic
def add_domain(*, account: Account, name: str, membership: Membership | None, actor: Actor, at: datetime) -> MailDomain:
    """Write down a domain and what its owner is to publish. Raises DomainRefused, DomainTaken."""
    domain = MailDomain(account=account, name=domain_named(name), token=new_token(), added_by=membership)
    try:
        with transaction.atomic():
            domain.save()
    except IntegrityError as error:  # domain_once_per_account
        raise DomainTaken(_("This domain is in the list already."), field="name") from error
    _note(domain, "domain.added", actor)
    return domain


def check_domain(*, domain: MailDomain, actor: Actor, at: datetime, lookup: TxtLookup | None = None) -> MailDomain:
    """Look in DNS and keep what was found. Call it outside of transactions: DNS may take seconds.

    lookup: how to ask; by default by the machine's resolver. Raises DomainNotProved with what to do, DomainTaken,
    TooManyLooks.
    """
    count_look(domain.account)
    try:
        finding = _judge(domain, (lookup or txt_records)(challenge_of(domain)))
    except DnsSilent:
        finding = Finding.SILENT
    if domain.verified_at is None and finding == Finding.FOUND:
        kept = _verify(domain, actor, at)
        if kept is None:
            _keep(domain, Finding.TAKEN, at)
            raise DomainTaken
        return kept
    row = _keep(domain, finding, at)
    if finding == Finding.FOUND or row is None:
        return row or domain
    raise DomainNotProved(_WHAT_TO_DO[finding])


def recheck_domain(*, domain_id: int, at: datetime, lookup: TxtLookup | None = None) -> None:
    """The nightly look at one domain, if it is due: a proof that is gone is told, and after GRACE the domain is."""
    due = _due(at).filter(pk=domain_id).select_related("account").first()
    if due is None:
        return
    try:
        finding = _judge(due, (lookup or txt_records)(challenge_of(due)))
    except DnsSilent:
        finding = Finding.SILENT
    _keep(due, finding, at)


def ring_due_domains(*, at: datetime) -> int:
    """Ask workers to look at what nobody has looked at for a night; returns how many."""
    ids = list(_due(at).order_by("checked_at").values_list("pk", flat=True)[:500])
    for pk in ids:
        ring("accounts.recheck_domain", domain_id=pk)
    return len(ids)


@transaction.atomic
def remove_domain(*, account: Account, domain: MailDomain, actor: Actor, at: datetime) -> None:
    """Let it go: its addresses no longer come in by single sign-on, and others may prove it."""
    row = lock_domain(account, domain)
    if row is None:
        return
    _note(row, "domain.removed", actor)
    row.delete()


def challenge_of(domain: MailDomain) -> str:
    """The name at which the proof is published."""
    return f"{CHALLENGE}.{domain.name}"


def proof_of(domain: MailDomain) -> str:
    """The text that is the proof."""
    return f"{PROOF}{domain.token}"


def _judge(domain: MailDomain, texts: list[str]) -> str:
    if proof_of(domain) in (text.strip() for text in texts):
        return Finding.FOUND
    return Finding.WRONG if texts else Finding.MISSING


@transaction.atomic
def _verify(domain: MailDomain, actor: Actor, at: datetime) -> MailDomain | None:
    """The first account that proves it has it; nothing when another was faster."""
    row = lock_domain(domain.account, domain)
    if row is None:
        raise DomainNotProved(_("This domain was removed meanwhile."))
    if row.verified_at is not None:
        return row
    row.verified_at, row.checked_at, row.finding, row.lost_since = at, at, Finding.FOUND, None
    try:
        with transaction.atomic():
            row.save(update_fields=["verified_at", "checked_at", "finding", "lost_since"])
    except IntegrityError:  # domain_verified_once
        return None
    _note(row, "domain.verified", actor)
    emit_event(account=row.account, kind="domain.verified", data={"domain": domain_data(row)}, at=at)
    return row


@transaction.atomic
def _keep(domain: MailDomain, finding: str, at: datetime) -> MailDomain | None:
    """Write down what was found. Only a clear no counts against a verified domain, and only after GRACE."""
    row = lock_domain(domain.account, domain)
    if row is None:
        return None
    row.checked_at, row.finding = at, finding
    if row.verified_at is not None:
        if finding == Finding.FOUND:
            row.lost_since = None
        elif finding in (Finding.MISSING, Finding.WRONG):
            _lose(row, at)
    row.save(update_fields=["checked_at", "finding", "lost_since", "verified_at"])
    return row


def _lose(row: MailDomain, at: datetime) -> None:
    """First tell; after GRACE the domain is no longer the account's."""
    if row.lost_since is None:
        row.lost_since = at
        _tell(row, "domain_failing", at, at)
    elif at - row.lost_since >= GRACE:
        since, row.lost_since, row.verified_at = row.lost_since, None, None
        _note(row, "domain.lost", Actor.system("task"))
        emit_event(account=row.account, kind="domain.lost", data={"domain": domain_data(row)}, at=at)
        _tell(row, "domain_lost", since, at)


def _tell(row: MailDomain, kind: str, since: datetime, at: datetime) -> None:
    send_notice(
        account=row.account,
        kind=kind,
        key=f"{kind}:{row.public_id}:{int(since.timestamp())}",
        context={
            "domain": row.name,
            "record": challenge_of(row),
            "value": proof_of(row),
            "until_at": since + GRACE,
            "link": reverse("accounts:sign_in_settings", args=[row.account.slug]),
        },
        at=at,
        roles=TOLD,
    )


def _due(at: datetime) -> QuerySet[MailDomain]:
    return MailDomain.objects.filter(
        Q(checked_at__isnull=True) | Q(checked_at__lte=at - EACH), verified_at__isnull=False, account__closed_at=None
    )


def lock_domain(account: Account, domain: MailDomain) -> MailDomain | None:
    """As it is now, and nobody else's until the end of the transaction; None: removed meanwhile."""
    rows = MailDomain.objects.select_for_update(of=("self",)).select_related("account")
    return rows.filter(account=account, pk=domain.pk).first()


def domain_data(domain: MailDomain) -> dict[str, str]:
    """A domain, as every event names one."""
    return {"id": domain.public_id, "name": domain.name}


def _note(domain: MailDomain, action: str, actor: Actor) -> None:
    record_audit(account=domain.account, actor=actor, action=action, target=domain.public_id, summary=domain.name)


_WHAT_TO_DO: dict[str, str | Promise] = {
    Finding.MISSING: _("DNS has no such record yet. It can take up to an hour after you publish it; then check again."),
    Finding.WRONG: _("The record is there with another value. Copy the value again, then check again."),
    Finding.SILENT: _("DNS did not answer in time. Check again in a few minutes."),
}
