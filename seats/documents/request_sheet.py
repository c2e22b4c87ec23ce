"""An approved request for a purchase as a document: what was asked, for how much, and who agreed."""

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Account
from billing.models import Price
from billing.terms.vendor import vendor, vendor_pairs
from seatportal.kit.sheets import Section, Sheet
from seatportal.templatetags.portal import day, money
from seats.documents.order_sheet import approvals_section
from seats.models import SeatRequest

State = SeatRequest.State
# Bought, or on its way.
APPROVED = (State.BUYING, State.APPROVED)


def purchases_of(account: Account) -> QuerySet[SeatRequest]:
    """Purchases that somebody wanted approved."""
    return SeatRequest.objects.filter(account=account, kind=SeatRequest.Kind.PURCHASE)


def approved_request(request_id: str, *, of: Account) -> SeatRequest | None:
    """A purchase that was approved, bought already or on its way; None for every other."""
    found = purchases_of(of).filter(public_id=request_id, state__in=APPROVED)
    return found.select_related("account", "asked_by", "department", "change").first()


def request_sheet(asked: SeatRequest) -> Sheet:
    """The document, in the account's language and time zone. Amounts are those of Stripe's price when it was asked."""
    account = asked.account
    with translation.override(account.locale), timezone.override(account.time_zone):
        seller, price = vendor(), Price.objects.select_related("plan").filter(public_id=asked.price_id or "-").first()
        pairs = [
            (_("Customer"), account.name),
            (_("Seats to add"), str(asked.quantity)),
            (_("Department"), asked.department.name if asked.department else ""),
            (_("Price"), str(price) if price else ""),
            (_("Price when asked"), money(asked.asked_total, asked.currency)),
            (_("Due when asked"), money(asked.asked_due, asked.currency)),
            (_("Purchase order number"), asked.po_number),
            (_("Order"), asked.change.public_id if asked.change else ""),
        ]
        return Sheet(
            title=_("Purchase request %(number)s") % {"number": asked.public_id},
            subtitle=_("Approved on %(day)s") % {"day": day(asked.decided_at)} if asked.decided_at else "",
            language=account.locale,
            sections=[
                *([Section(_("Supplier"), vendor_pairs(seller))] if seller else []),
                Section(_("What was asked for"), [(name, value) for name, value in pairs if value]),
                approvals_section(asked),
            ],
            foot=_("%(account)s · request %(number)s") % {"account": account.name, "number": asked.public_id},
        )
