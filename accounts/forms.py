"""Forms of the account pages."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.core import context
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import actor_of
from accounts.members.accept_invitation import accept_invitation
from accounts.members.open_account import open_account
from accounts.models import User
from accounts.sign_in import SESSION_KEY, kept_invitation
from seatportal.kit.clock import now


class SignUpForm(SignupForm):
    """Name, organisation, address and password open an account; by invitation, name and password join one."""

    field_order = ("name", "organisation", "email", "password1")
    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    organisation = forms.CharField(
        label=_("Organisation"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept_invitation(context.request)
        if self.kept is not None:
            invitation, _token = self.kept
            del self.fields["organisation"]
            self.fields["name"].initial = invitation.name
            # Locked: the link has proved this address and no other. Disabled fields ignore what is posted.
            self.fields["email"].initial = invitation.email
            self.fields["email"].disabled = True

    def save(self, request: HttpRequest) -> User:
        """Save the user and open or join the account in one transaction: nobody is left without one."""
        with transaction.atomic():
            if self.kept is None:
                user: User = super().save(request)
                actor = actor_of(request, door="sign_up")
                open_account(name=self.cleaned_data["organisation"], user=user, at=now(), actor=actor)
                return user
            invitation, token = self.kept
            get_adapter().stash_verified_email(request, invitation.email)
            user = super().save(request)
            accept_invitation(token=token, user=user, at=now(), actor=actor_of(request, door="invitation"))
        request.session.pop(SESSION_KEY, None)
        return user
