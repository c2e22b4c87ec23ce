"""A SAML provider's metadata is read again each day: a certificate that it replaced is taken over by itself.

Only certificates are: they are the provider's to replace, and come from the address that an admin wrote down. Another
name or sign-in address is another provider, which somebody has to look at and test.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import ConnectionRefused
from accounts.models import Role, SsoConnection
from accounts.notices.send_notice import send_notice
from accounts.sso.certificates import last_end
from accounts.sso.saml import read_metadata
from seatportal.kit.queue import ring

log = structlog.get_logger(__name__)
EACH = timedelta(hours=20)
# So long before the last certificate ends people are told, and again.
WARN_BEFORE = (timedelta(days=7), timedelta(days=30))
TOLD = (Role.OWNER, Role.ADMIN)


def ring_due_metadata(*, at: datetime) -> int:
    """Ask workers to look at connections that nobody has looked at for a night; returns how many."""
    ids = list(_due(at).order_by("read_at", "pk").values_list("pk", flat=True)[:500])
    for pk in ids:
        ring("accounts.reread_metadata", connection_id=pk)
    return len(ids)


def reread_metadata(*, connection_id: int, at: datetime) -> None:
    """The daily look at one connection, if it is due. Two workers at once: one looks. Call it outside of transactions.

    A provider that does not answer changes nothing; it is asked again the next day.
    """
    if not _due(at).filter(pk=connection_id).exists():
        return
    # Taken before the look, so that whoever comes meanwhile finds it done. By the row's own column alone: PostgreSQL
    # reads that again once the other's lock is free, but not what a subquery found.
    if not SsoConnection.objects.filter(_unread(at), pk=connection_id).update(read_at=at):
        return
    row = SsoConnection.objects.select_related("account").get(pk=connection_id)
    if row.metadata_url:
        try:
            found = read_metadata(url=row.metadata_url, xml="")
        except ConnectionRefused as error:
            log.warning("metadata_not_read", connection=row.public_id, why=str(error))
        else:
            _follow(row, found, at)
    _warn(row.pk, at)


@transaction.atomic
def _follow(seen: SsoConnection, found: dict[str, Any], at: datetime) -> None:
    row = _lock(seen.pk)
    if row is None or row.metadata_url != seen.metadata_url:
        return  # Deleted or changed by somebody meanwhile, who read it themselves.
    if (row.entity_id, row.sso_url) != (found["entity_id"], found["sso_url"]):
        mark = hashlib.sha256(f"{found['entity_id']} {found['sso_url']}".encode()).hexdigest()[:16]
        _tell(row, "sso_metadata_differs", mark, at)
        return
    if row.certificates == found["certificates"]:
        return
    fresh = set(found["certificates"]) != set(row.certificates)
    row.certificates = found["certificates"]
    row.save(update_fields=["certificates"])
    if not fresh:
        return
    record_audit(
        account=row.account,
        actor=Actor.system("task"),
        action="sso.changed",
        target=row.public_id,
        summary=row.name,
        fields=["certificates"],
    )
    mark = hashlib.sha256(" ".join(sorted(row.certificates)).encode()).hexdigest()[:16]
    _tell(row, "sso_certificate_changed", mark, at)


@transaction.atomic
def _warn(pk: int, at: datetime) -> None:
    """Told once for each certificate and step; only where nothing but it signs."""
    row = _lock(pk)
    ends = last_end(row.certificates) if row is not None else None
    step = next((one for one in WARN_BEFORE if ends is not None and ends - at <= one), None)
    if row is not None and ends is not None and step is not None:
        _tell(row, "sso_certificate_ends", f"{int(ends.timestamp())}:{step.days}", at, ends_at=ends, over=ends <= at)


def _tell(row: SsoConnection, kind: str, about: str, at: datetime, **context: Any) -> None:
    send_notice(
        account=row.account,
        kind=kind,
        key=f"{kind}:{row.public_id}:{about}",
        context={
            "provider": row.name,
            "read": bool(row.metadata_url),
            "link": reverse("accounts:sso_connection", args=[row.account.slug, row.public_id]),
            **context,
        },
        at=at,
        roles=TOLD,
    )


def _lock(pk: int) -> SsoConnection | None:
    rows = SsoConnection.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    return rows.filter(pk=pk).first()


def _unread(at: datetime) -> Q:
    return Q(read_at__isnull=True) | Q(read_at__lte=at - EACH)


def _due(at: datetime) -> QuerySet[SsoConnection]:
    return SsoConnection.objects.filter(
        _unread(at),
        kind=SsoConnection.Kind.SAML,
        enabled_at__isnull=False,
        account__closed_at=None,
    )
