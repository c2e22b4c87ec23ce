"""An applied purchase as a document. Every amount is the mirror's; nothing is added up here."""

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from billing.mirror.queries import changes_of, customer_of, invoices_of, undo_of
from billing.models import Invoice, Price, QuantityChange
from billing.terms.vendor import vendor, vendor_pairs
from seatportal.kit.sheets import Section, Sheet, Table
from seatportal.templatetags.portal import day, moment, money
from seats.models import SeatRequest, Tranche

State = QuantityChange.State


def order_sheet(change: QuantityChange) -> Sheet:
    """The document of one applied purchase, in the account's language and time zone."""
    account, asked = change.account, request_of(change)
    with translation.override(account.locale), timezone.override(account.time_zone):
        return Sheet(
            title=_("Order %(number)s") % {"number": change.public_id},
            subtitle=_subtitle(change),
            language=account.locale,
            sections=[
                *_parties(change),
                Section(_("What changed"), _changed(change)),
                _charged(change),
                *([approvals_section(asked)] if asked is not None else []),
            ],
            foot=_("%(account)s · order %(number)s") % {"account": account.name, "number": change.public_id},
        )


def finished_order(change_id: str, *, of: Account) -> QuantityChange | None:
    """An applied purchase of an account; None for every other."""
    found = changes_of(of).filter(public_id=change_id, state=State.APPLIED)
    return found.select_related("account", "user", "quote", "api_key").first()


def _subtitle(change: QuantityChange) -> str:
    text = ngettext(
        "Amendment to the subscription: %(count)d seat from %(day)s on",
        "Amendment to the subscription: %(count)d seats from %(day)s on",
        change.target_quantity,
    )
    return text % {"count": change.target_quantity, "day": day(change.settled_at)}


def _parties(change: QuantityChange) -> list[Section]:
    seller, customer = vendor(), customer_of(change.account)
    buyer = [
        (_("Name"), change.account.name),
        (_("Billing e-mail"), customer.email if customer else ""),
        (_("Purchase order number"), change.po_number),
    ]
    parties = [Section(_("Customer"), [(name, value) for name, value in buyer if value])]
    return [Section(_("Supplier"), vendor_pairs(seller)), *parties] if seller else parties


def _changed(change: QuantityChange) -> list[tuple[str, str]]:
    tranche = Tranche.objects.filter(account=change.account, change=change).select_related("plan", "department").first()
    undo = undo_of(change)
    pairs = [
        (_("Kind"), change.get_kind_display()),
        (_("Seats before"), str(change.base_quantity)),
        (_("Seats after"), str(change.target_quantity)),
        (_("Price"), _price(change)),
        (_("Rollout plan"), tranche.plan.name if tranche else ""),
        (_("Department"), tranche.department.name if tranche and tranche.department else ""),
        (_("Order number or reason"), change.reason),
        (_("Ordered by"), _who(change)),
        (_("Ordered on"), moment(change.confirmed_at)),
        (_("In force since"), moment(change.settled_at)),
        (
            _("Undone"),
            moment(undo.settled_at) if undo is not None and undo.state == State.APPLIED else "",
        ),
    ]
    return [(name, value) for name, value in pairs if value]


def _charged(change: QuantityChange) -> Section:
    """The invoice's own lines and sums; without an invoice, what was charged."""
    invoice = _invoice(change)
    sums = [(_("Total"), money(change.charged_total, change.currency))]
    due = _("Invoiced") if change.on_credit else _("Charged")
    last = (due, money(change.charged_due, change.currency))
    if invoice is None:
        return Section(_("What was charged"), [*sums, last])
    lines = [
        (line.description, f"{day(line.period_start)} – {day(line.period_end)}", money(line.amount, invoice.currency))
        for line in invoice.lines.all()
    ]
    if invoice.tax:
        sums.insert(0, (_("Tax"), money(invoice.tax, invoice.currency)))
    if invoice.starting_balance < 0 < invoice.total:
        sums.append((_("Credit before"), money(-invoice.starting_balance, invoice.currency)))
    pairs = [
        (_("Invoice"), invoice.number),
        (_("Issued on"), day(invoice.issued_at)),
        (_("Due on"), day(invoice.due_at)),
    ]
    table = Table((_("What"), _("When"), _("Amount")), lines, [*sums, last])
    return Section(_("What was charged"), [(name, value) for name, value in pairs if value], table)


def _invoice(change: QuantityChange) -> Invoice | None:
    if not change.invoice_stripe_id:
        return None
    found = invoices_of(change.account).filter(stripe_id=change.invoice_stripe_id)
    return found.prefetch_related("lines").first()


def request_of(change: QuantityChange) -> SeatRequest | None:
    """The request by which a purchase was approved."""
    found = SeatRequest.objects.filter(account=change.account, change=change, kind=SeatRequest.Kind.PURCHASE)
    return found.select_related("account", "asked_by", "decided_by", "department").first()


def approvals_section(asked: SeatRequest) -> Section:
    """Who asked, and who agreed to how much, and when."""
    pairs = [(_("Asked by"), f"{asked.asked_by.get_full_name()}, {moment(asked.created_at)}\n{asked.reason}".strip())]
    for step in asked.steps.select_related("decided_by").order_by("position"):
        if step.decided_by is not None and step.approved is not None:
            amount = _("up to %(amount)s") % {"amount": money(step.approved, asked.currency)}
            said = f"{step.decided_by.get_full_name()}, {moment(step.decided_at)}, {amount}"
            pairs.append((_("Approved by"), said))
    return Section(_("Approvals"), pairs)


def _price(change: QuantityChange) -> str:
    stripe_id = change.target_price_stripe_id or change.price_stripe_id
    price = Price.objects.select_related("plan").filter(stripe_id=stripe_id).first()
    return str(price) if price else ""


def _who(change: QuantityChange) -> str:
    if change.user is not None:
        return f"{change.user.get_full_name()} ({change.user.email})"
    return change.api_key.name if change.api_key else _("Automatically")
