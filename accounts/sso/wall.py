"""Whether a browser's session opens an account: asked at the entrance of pages and of the API."""

from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest

from accounts.models import Membership, SsoPolicy, User
from accounts.sso.queries import addresses_noted, living_ids, verified_names
from accounts.sso.rules import SignedIn, Wall, domain_of, wall_for

_OWN = ("password", "password_reset", "code")


def how_signed_in(request: HttpRequest) -> SignedIn:
    """From what allauth noted in the session. No query."""
    records = get_authentication_records(request, request.user)
    providers = {str(one.get("provider")) for one in records if one["method"] == "socialaccount"}
    factors = [one for one in records if one["method"] == "mfa" and one.get("type") != "recovery_codes"]
    own = any(one["method"] in _OWN for one in records) or any(one.get("passwordless") for one in factors)
    return SignedIn(frozenset(providers), own=own, factor=bool(factors))


def wall_of(request: HttpRequest, membership: Membership) -> Wall | None:
    """What stands before the account for this session; nothing for staff who only look through a member's eyes.

    No query for a session with a password in an account that enforces nothing, where the account came with its policy.
    """
    if request.session.get("hijack_history"):
        return None
    how, policy = how_signed_in(request), _policy(membership)
    if not how.providers and not (policy and policy.enforced):
        return None
    mine = living_ids(membership.account_id)
    enforced = bool(policy and policy.enforced and mine) and _is_covered(membership, mine)
    return wall_for(how=how, mine=mine, enforced=enforced, is_owner=membership.role == "owner")


def _policy(membership: Membership) -> SsoPolicy | None:
    try:
        return membership.account.sso
    except SsoPolicy.DoesNotExist:
        return None


def _is_covered(membership: Membership, mine: frozenset[str]) -> bool:
    """Whoever has an address of the account's domains, or came to it with one, or ever came in by its provider:
    whatever address they use now. Without a domain nobody could come in by single sign-on, so nobody is.
    """
    names = verified_names(membership.account_id)
    if not names:
        return False
    user: User = membership.user
    if SocialAccount.objects.filter(user=user, provider__in=mine).exists():
        return True
    addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    return any(domain_of(address) in names for address in addresses) or any(
        domain_of(address) in names for address in addresses_noted(membership)
    )
