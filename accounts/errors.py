"""What a person or integrator may do wrong with accounts, people and keys."""

from django.utils.translation import gettext_lazy as _

from seatportal.kit.errors import PortalError


class LastOwner(PortalError):
    """An account would be left without an owner."""

    code = "last_owner"
    status = 409
    message = _("An account needs an owner. Make somebody else an owner first.")


class NotYours(PortalError):
    """The actor's role does not reach that far."""

    code = "not_allowed"
    status = 403
    message = _("Only an owner may give or take the owner role.")


class AlreadyMember(PortalError):
    """The address or person belongs to the account already."""

    code = "already_member"
    status = 409
    message = _("This person is already a member of the account.")


class BadAddress(PortalError):
    """Not an e-mail address."""

    code = "bad_address"
    status = 400
    message = _("Write a whole e-mail address, such as lena@example.com.")


class InvitationGone(PortalError):
    """The invitation is used, withdrawn, expired or unknown."""

    code = "invitation_gone"
    status = 410
    message = _("This invitation has ended. Ask for a new one.")


class InvitedElsewhere(PortalError):
    """Somebody else's invitation: the signed-in address is another one."""

    code = "invited_elsewhere"
    status = 403
    message = _("This invitation is for another e-mail address. Sign in with that address.")


class MemberGone(PortalError):
    """The person has left the account already."""

    code = "member_gone"
    status = 409
    message = _("This person has already left the account.")


class BadSetting(PortalError):
    """A setting has a value that it cannot have."""

    code = "bad_setting"
    status = 400
    message = _("Choose a value from the list, or write a name.")


class InUse(PortalError):
    """A department or region still has people."""

    code = "in_use"
    status = 409
    message = _("People still belong to it. Move them first.")


class NameTaken(PortalError):
    """A department or region of that name exists."""

    code = "name_taken"
    status = 409
    message = _("This name exists already. Choose another one.")


class KeyRefused(PortalError):
    """A key cannot be made as asked."""

    code = "key_refused"
    status = 400
    message = _("Choose at least one scope that your own role has.")


class KeyGone(PortalError):
    """A key that works no more, or has its successor, is not rotated."""

    code = "key_gone"
    status = 409
    message = _("This key was revoked, has ended, or was rotated already.")


class ExternalIdTaken(PortalError):
    """Two people cannot be the same person elsewhere."""

    code = "external_id_taken"
    status = 409
    message = _("Somebody else in the account has this id already.")


class ConnectionEnded(PortalError):
    """The directory was disconnected."""

    code = "connection_ended"
    status = 409
    message = _("This directory is not connected any more.")


class BadWords(PortalError):
    """A directory says what cannot be kept; names the field."""

    code = "bad_words"
    status = 400


class PersonTaken(PortalError):
    """Another person of the account has the name, the id or the address already."""

    code = "person_taken"
    status = 409
    message = _("Another person of this account has the same userName, externalId or e-mail address.")


class AddressTaken(PortalError):
    """The address belongs to another sign-in."""

    code = "address_taken"
    status = 409
    message = _("This e-mail address already belongs to another sign-in.")


class PersonGone(PortalError):
    """No such person of this account."""

    code = "person_gone"
    status = 404
    message = _("There is no such person.")


class WebhookRefused(PortalError):
    """An address that may not be called, or events that nobody knows."""

    code = "webhook_refused"
    status = 422
    message = _("This address cannot be used.")


class TooManyEndpoints(PortalError):
    """More than one account needs."""

    code = "too_many_endpoints"
    status = 409
    message = _("An account has at most 20 webhook endpoints. Delete one first.")


class EndpointOff(PortalError):
    """Nothing is sent to an endpoint that is switched off."""

    code = "endpoint_off"
    status = 409
    message = _("This endpoint is switched off. Switch it on first.")


class AccountNotNamed(PortalError):
    """A signed-in person has several accounts and named none."""

    code = "account_not_named"
    status = 400
    message = _("You belong to several accounts. Name one in the header Seat-Portal-Account.")


class AccountNotFound(PortalError):
    """No such account for this caller."""

    code = "not_found"
    status = 404
    message = _("There is no such account, or you are not a member of it.")


class CapabilityMissing(PortalError):
    """The caller's role or key does not allow this."""

    code = "capability_missing"
    status = 403
    message = _("Your role or key does not allow this.")


class DomainRefused(PortalError):
    """Not a domain that an account could own."""

    code = "domain_refused"
    status = 422
    message = _("Write a domain such as example.com, as it stands after the @ of your addresses.")


class DomainTaken(PortalError):
    """The account has the domain already, or another account has proved it."""

    code = "domain_taken"
    status = 409
    message = _("Another account has proved this domain. Ask your account team if that is wrong.")


class DomainNotProved(PortalError):
    """DNS does not say that the domain is the account's."""

    code = "domain_not_proved"
    status = 409


class ConnectionRefused(PortalError):
    """An identity provider cannot be set up or switched as asked; names the field."""

    code = "connection_refused"
    status = 422


class SsoRefused(PortalError):
    """Somebody whom an identity provider named does not get in."""

    code = "sso_refused"
    status = 403


class SsoNeeded(PortalError):
    """A browser's session that the account's sign-in rules do not take."""

    code = "sso_needed"
    status = 403
    message = _("This account does not take the way you signed in. Open its pages to sign in as it asks.")


class JoinDecided(PortalError):
    """A request to join has had its answer."""

    code = "join_decided"
    status = 409
    message = _("This request has been answered already.")
