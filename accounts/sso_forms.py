"""Forms of single sign-on: what people type, before a verb judges it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import SsoPolicy

_PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class AddressForm(forms.Form):
    """Whose single sign-on?"""

    login = forms.EmailField(
        label=_("Your work e-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )


class DomainForm(forms.Form):
    """A domain of the account."""

    name = forms.CharField(
        label=_("Domain"),
        max_length=253,
        help_text=_("What stands after the @ of your people's addresses, such as example.com."),
        widget=forms.TextInput(attrs=_PLAIN),
    )


class OidcForm(forms.Form):
    """An OpenID provider."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("People read it on the sign-in button."))
    issuer = forms.CharField(
        label=_("Issuer"),
        max_length=500,
        help_text=_("The address of your own tenant, such as https://example.okta.com."),
        widget=forms.URLInput(attrs=_PLAIN),
    )
    client_id = forms.CharField(label=_("Client ID"), max_length=190, widget=forms.TextInput(attrs=_PLAIN))
    secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, changing: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if changing:
            self.fields["secret"].help_text = _("Empty: the one before stays.")


class SamlForm(forms.Form):
    """A SAML provider."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("People read it on the sign-in button."))
    metadata_url = forms.CharField(
        label=_("Address of the provider's metadata"),
        max_length=500,
        required=False,
        widget=forms.URLInput(attrs=_PLAIN),
    )
    metadata_xml = forms.CharField(
        label=_("Or its text, as XML"),
        max_length=200_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )


class PolicyForm(forms.Form):
    """How people sign in, and who joins."""

    join = forms.ChoiceField(
        label=_("Somebody new signs in by single sign-on"), choices=SsoPolicy.Join, widget=forms.RadioSelect
    )
    enforced = forms.BooleanField(
        label=_("Single sign-on only"),
        required=False,
        help_text=_(
            "Members with an address of your proved domains come in by single sign-on alone. API keys go on working."
            " Owners who sign in with a second factor or a passkey can always come in."
        ),
    )
