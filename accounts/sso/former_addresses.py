"""Addresses of an account's domains that somebody took off their sign-in."""

from django.db import transaction

from accounts.models import MailDomain, Membership, User
from accounts.sso.rules import domain_of


@transaction.atomic
def note_removed_address(*, user: User, address: str) -> None:
    """Keep it with each account of theirs that lists its domain, proved or yet to be."""
    listed = MailDomain.objects.filter(name=domain_of(address))
    theirs = Membership.objects.select_for_update(no_key=True).filter(user=user, left_at__isnull=True)
    for membership in theirs.filter(account__in=listed.values("account")).order_by("pk"):
        if address.lower() not in membership.former_addresses:
            membership.former_addresses.append(address.lower())
            membership.save(update_fields=["former_addresses"])
