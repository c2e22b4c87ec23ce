"""A new key, or a new OAuth client: its secret is shown once, kept hashed."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.access.roles import capabilities_of
from accounts.audit.record_audit import record_audit
from accounts.errors import KeyRefused
from accounts.keys.oauth import register_client
from accounts.keys.shown import PURPOSE, new_key
from accounts.models import Account, ApiKey, Membership
from seatportal.kit.tokens import token_hash


@transaction.atomic
def issue_api_key(
    *,
    account: Account,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    membership: Membership | None,
    actor: Actor,
    at: datetime,
    oauth: bool = False,
    replaces: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    """Make a key with capabilities that its maker has; return it and its text, which nobody can read again.

    expires_at: UTC, None for no end. membership: who answers for it. A key that makes keys passes on its own scopes
    and no more time than it has itself. oauth: a client, whose `prefix` is its id and whose text is its secret; it is
    exchanged for tokens and opens nothing itself. Raises KeyRefused with the field.
    """
    if not name.strip():
        raise KeyRefused(_("Give the key a name that says who uses it."), field="name")
    if not scopes or not _may_pass_on(actor, membership).issuperset(scopes):
        raise KeyRefused(field="scopes")
    if expires_at is not None and expires_at <= at:
        raise KeyRefused(_("Choose an end in the future."), field="expires_at")
    own_end = actor.api_key.expires_at if actor.api_key else None
    if own_end is not None and (expires_at is None or expires_at > own_end):
        raise KeyRefused(_("A key cannot make one that lives longer than itself."), field="expires_at")
    prefix, secret = new_key("spc" if oauth else "sp")
    key = ApiKey.objects.create(
        account=account,
        name=name.strip(),
        prefix=prefix,
        secret_hash="" if oauth else token_hash(secret, purpose=PURPOSE),
        oauth_client=register_client(client_id=prefix, name=name, secret=secret, scopes=scopes) if oauth else None,
        scopes=sorted(scopes),
        created_by=membership,
        expires_at=expires_at,
        replaces=replaces,
    )
    record_audit(
        account=account,
        actor=actor,
        action="api_key.issued",
        target=key.public_id,
        summary=key.name,
        prefix=prefix,
        scopes=key.scopes,
        expires_at=expires_at.isoformat() if expires_at else None,
        **({"replaces": replaces.public_id} if replaces else {}),
    )
    return key, secret


def _may_pass_on(actor: Actor, membership: Membership | None) -> frozenset[str]:
    if actor.api_key is not None:
        return frozenset(actor.api_key.scopes)
    return capabilities_of(membership.role) if membership is not None else frozenset()
