"""Set up an identity provider, switch it on and off, forget it; and what an account asks of its people."""

from collections.abc import Callable
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import Actor
from accounts.audit.record_audit import record_audit
from accounts.errors import ConnectionRefused
from accounts.members.update_account import changed_fields
from accounts.models import Account, Membership, Role, SsoConnection, SsoPolicy
from accounts.sso.discovery import discover
from accounts.sso.outward import count_look
from accounts.sso.queries import living_ids, verified_names
from accounts.sso.rules import domain_of
from accounts.sso.saml import read_metadata
from seatportal.kit.sealed import SealBroken, seal, unseal

Kind = SsoConnection.Kind
MOST = 10


def save_oidc(
    *,
    account: Account,
    connection: SsoConnection | None,
    name: str,
    issuer: str,
    client_id: str,
    secret: str,
    actor: Actor,
    at: datetime,
    still: Callable[[], None] | None = None,
) -> SsoConnection:
    """Set up an OpenID provider, or change one; an empty secret keeps the one before.

    The provider is asked first, outside of transactions. still: called under the lock before anything is written; what
    it raises stops the change. Raises ConnectionRefused, TooManyLooks.
    """
    count_look(account)
    found = discover(issuer)
    if connection is None and not secret.strip():
        raise ConnectionRefused(_("Enter the client secret."), field="secret")
    return _save(
        account=account,
        connection=connection,
        kind=Kind.OIDC,
        wanted={"name": name.strip(), "issuer": found.issuer, "client_id": client_id.strip()},
        secret=secret.strip(),
        actor=actor,
        still=still,
    )


def save_saml(
    *,
    account: Account,
    connection: SsoConnection | None,
    name: str,
    metadata_url: str,
    metadata_xml: str,
    actor: Actor,
    at: datetime,
    still: Callable[[], None] | None = None,
) -> SsoConnection:
    """Set up a SAML provider from its metadata, or read that again; its address wins over its text.

    The address is fetched first, outside of transactions. still: as with save_oidc. Raises ConnectionRefused,
    TooManyLooks.
    """
    count_look(account)
    if not metadata_url.strip() and not metadata_xml.strip():
        raise ConnectionRefused(_("Write the address of the metadata, or paste its text."), field="metadata_url")
    found = read_metadata(url=metadata_url.strip(), xml=metadata_xml)
    return _save(
        account=account,
        connection=connection,
        kind=Kind.SAML,
        wanted={"name": name.strip(), "metadata_url": metadata_url.strip(), "read_at": at, **found},
        secret="",
        actor=actor,
        still=still,
    )


@transaction.atomic
def _save(
    *,
    account: Account,
    connection: SsoConnection | None,
    kind: str,
    wanted: dict[str, object],
    secret: str,
    actor: Actor,
    still: Callable[[], None] | None,
) -> SsoConnection:
    """Another provider is an untested one, so off. A new secret or certificate of the same one changes nothing else."""
    if connection is None:
        # Two at once may make eleven; the bound only keeps pages short.
        if SsoConnection.objects.filter(account=account).count() >= MOST:
            raise ConnectionRefused(_("An account has at most ten connections. Delete one first."))
        row = SsoConnection(account=account, kind=kind)
    else:
        row = lock_connection(account, connection)
    if still is not None:
        still()
    changed = changed_fields(row, wanted)
    changed.pop("read_at", None)
    if secret:
        seal_secret(row, secret)
        changed["secret"] = {"before": "", "after": ""}
    if changed.keys() & {"issuer", "entity_id"}:
        # The ids that the provider before gave to people mean others at the new one.
        SocialAccount.objects.filter(provider=row.public_id).delete()
    if connection is not None and changed.keys() & {"issuer", "client_id", "entity_id", "sso_url"}:
        _refuse_while_needed(row)
        row.tested_at = row.enabled_at = None
    row.save()
    if changed:
        _note(row, "sso.added" if connection is None else "sso.changed", actor, fields=sorted(changed))
    return row


@transaction.atomic
def note_test(*, connection: SsoConnection, at: datetime, actor: Actor) -> None:
    """Somebody who manages the account came back from the provider with an address of its domains."""
    SsoConnection.objects.filter(pk=connection.pk).update(tested_at=at)
    _note(connection, "sso.tested", actor)


@transaction.atomic
def switch_connection(*, account: Account, connection: SsoConnection, on: bool, actor: Actor, at: datetime) -> None:
    """Let it sign people in, or stop it. Raises ConnectionRefused; what is so already stays so."""
    row = lock_connection(account, connection)
    if on == (row.enabled_at is not None):
        return
    if on and row.tested_at is None:
        raise ConnectionRefused(_("Test the connection first: sign in by it yourself."))
    if on and not verified_names(account):
        raise ConnectionRefused(_("Prove a domain first: only its addresses may sign in by the connection."))
    if not on:
        _refuse_while_needed(row)
    row.enabled_at = at if on else None
    row.save(update_fields=["enabled_at"])
    _note(row, "sso.on" if on else "sso.off", actor)


@transaction.atomic
def delete_connection(*, account: Account, connection: SsoConnection, actor: Actor, at: datetime) -> None:
    """Forget it and whom it named; people keep their own ways to sign in. Raises ConnectionRefused."""
    row = lock_connection(account, connection)
    _refuse_while_needed(row)
    SocialAccount.objects.filter(provider=row.public_id).delete()
    _note(row, "sso.deleted", actor)
    row.delete()


@transaction.atomic
def save_policy(*, account: Account, enforced: bool, join: str, actor: Actor, at: datetime) -> SsoPolicy:
    """Say how people sign in and who joins. Raises ConnectionRefused where enforcing would lock everybody out."""
    row = lock_policy(account)
    if enforced and not row.enforced:
        _check_may_enforce(account)
    changed = changed_fields(row, {"enforced": enforced, "join": join})
    if changed:
        row.save(update_fields=[*changed])
        record_audit(
            account=account,
            actor=actor,
            action="sso.policy_changed",
            target=account.public_id,
            summary=account.name,
            **changed,
        )
    return row


def seal_secret(connection: SsoConnection, secret: str) -> None:
    """Put the secret on the row, encrypted; the caller saves."""
    connection.secret_sealed = seal(secret, purpose=_purpose(connection))


def secret_of(connection: SsoConnection) -> str:
    """The client secret; empty where it cannot be read any more, so that the provider refuses it."""
    try:
        return unseal(connection.secret_sealed, purpose=_purpose(connection)) if connection.secret_sealed else ""
    except SealBroken:
        return ""


def _check_may_enforce(account: Account) -> None:
    names = verified_names(account)
    if not living_ids(account) or not names:
        raise ConnectionRefused(
            _("Single sign-on only needs a connection that is on and a proved domain."), field="enforced"
        )
    owners = list(
        Membership.objects.filter(
            account=account, role=Role.OWNER, left_at__isnull=True, user__is_active=True
        ).select_related("user")
    )
    factors = Authenticator.objects.filter(
        user__in=[owner.user_id for owner in owners],
        type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN],
    )
    if not factors.exists() and all(domain_of(owner.user.email) in names for owner in owners):
        raise ConnectionRefused(
            _(
                "First let an owner set up a second factor or a passkey. If the identity provider fails, only an owner"
                " who signs in with one can come in and mend it."
            ),
            field="enforced",
        )


def _refuse_while_needed(row: SsoConnection) -> None:
    """The last living connection of an account that enforces it stays on, or nobody's sign-in would reach it."""
    enforced = SsoPolicy.objects.select_for_update().filter(account=row.account_id, enforced=True).exists()
    if enforced and living_ids(row.account_id) == {row.public_id}:
        raise ConnectionRefused(
            _("The account asks single sign-on of everybody, and this is its only connection. Switch that off first.")
        )


def lock_policy(account: Account) -> SsoPolicy:
    """The account's policy, nobody else's until the end of the transaction; with its defaults where there was none."""
    SsoPolicy.objects.get_or_create(account=account)
    return SsoPolicy.objects.select_for_update().get(account=account)


def lock_connection(account: Account, connection: SsoConnection) -> SsoConnection:
    """As it is now, and nobody else's until the end of the transaction. Raises ConnectionRefused."""
    row = (
        SsoConnection.objects.select_for_update(of=("self",))
        .select_related("account")
        .filter(account=account, pk=connection.pk)
        .first()
    )
    if row is None:
        raise ConnectionRefused(_("This connection was deleted meanwhile."))
    return row


def _purpose(row: SsoConnection) -> str:
    return f"sso:{row.public_id}"


def _note(row: SsoConnection, action: str, actor: Actor, **data: object) -> None:
    record_audit(account=row.account, actor=actor, action=action, target=row.public_id, summary=row.name, **data)
