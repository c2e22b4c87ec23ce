"""The vendor's data, as a purchasing department wants it."""

from django.utils.translation import gettext as _

from billing.models import Vendor
from seatportal.kit.sheets import Section, Sheet
from seatportal.templatetags.portal import day


def vendor() -> Vendor | None:
    """What staff gave; None while they gave nothing."""
    return Vendor.objects.first()


def vendor_pairs(found: Vendor) -> list[tuple[str, str]]:
    """Name, address and tax number, in the active language."""
    pairs = [
        (_("Name"), found.name),
        (_("Address"), found.address),
        (_("Tax number or VAT ID"), found.tax_id),
        (_("Registration"), found.register),
        (_("E-mail for orders"), found.email),
    ]
    return [(name, value) for name, value in pairs if value]


def vendor_sheet(found: Vendor, *, language: str) -> Sheet:
    """Everything of it, in the active language, whose code is `language`."""
    bank = [(_("Bank"), found.bank), (_("Account number (IBAN)"), found.iban), (_("Bank code (BIC)"), found.bic)]
    links = [
        (_("Tax form"), found.tax_form_url),
        (_("Security"), found.security_url),
        (_("Terms of service"), found.terms_url),
        (_("Privacy"), found.privacy_url),
    ]
    sections = [
        Section(_("Supplier"), vendor_pairs(found)),
        Section(_("Bank"), [(name, value) for name, value in bank if value]),
        Section(_("Documents"), [(name, value) for name, value in links if value]),
    ]
    return Sheet(
        title=_("Vendor data"),
        subtitle=_("As of %(day)s") % {"day": day(found.updated_at)},
        language=language,
        sections=[section for section in sections if section.pairs],
        foot=found.name,
    )
