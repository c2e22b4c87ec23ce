"""Credit notes: an invoice that was finalized is corrected, before it is paid or after."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from . import taxes
from .customers import move_balance
from .discounts import half_up
from .errors import Obj, StripeError
from .events import differences, emit
from .fields import assign, copied, merged
from .invoices import credit_before_payment
from .lists import matching, page
from .pricing import money
from .refunds import charge_of, refund
from .render import render
from .routes import route
from .world import Request, World

_OPEN = ("open", "uncollectible")


def build(world: World, params: Obj, *, preview: bool) -> Obj:
    """A credit note as the parameters say, stored nowhere. Raises Stripe's 400s; a preview may leave the money open."""
    invoice = world.store.get("invoice", params["invoice"], "invoice")
    if invoice["status"] not in (*_OPEN, "paid"):
        raise StripeError(
            f"You can only create credit notes for open, paid or uncollectible invoices. This invoice has a status of "
            f"{invoice['status']}.",
            param="invoice",
        )
    lines = _lines(world, invoice, params)
    total, currency = sum(line["_total"] for line in lines), invoice["currency"]
    left = invoice["total"] - sum(note["total"] for note in _issued(world, invoice))
    if not 0 < total <= left:
        raise StripeError(
            f"The credit note's amount ({money(total, currency)}) must be positive and at most what is left to credit "
            f"on the invoice ({money(max(0, left), currency)}).",
            param="amount" if "amount" in params else "lines",
        )
    before = min(total, invoice["amount_remaining"]) if invoice["status"] in _OPEN else 0
    after = total - before
    _check_money(world, params, after, currency, preview=preview)
    inclusive = sum(t["amount"] for line in lines for t in line["taxes"] if t["tax_behavior"] == "inclusive")
    discount = sum(line["discount_amount"] for line in lines)
    subtotal = sum(line["amount"] for line in lines)
    sums: dict[str, int] = {}
    for entry in (entry for line in lines for entry in line["discount_amounts"]):
        sums[entry["discount"]] = sums.get(entry["discount"], 0) + entry["amount"]
    amounts = [{"amount": amount, "discount": id} for id, amount in sums.items()]
    now = world.now_of(invoice)
    note = world.shape(
        "credit_note",
        "cn",
        amount=total,
        amount_shipping=0,
        created=now,
        currency=currency,
        customer=invoice["customer"],
        discount_amount=discount,
        discount_amounts=amounts,
        effective_at=params.get("effective_at", now),
        invoice=invoice["id"],
        lines=lines,
        memo=params.get("memo"),
        metadata=merged(None, params.get("metadata")),
        number=f"{invoice['number']}-CN-{len(_of(world, invoice)) + 1:02d}",
        out_of_band_amount=params.get("out_of_band_amount"),
        post_payment_amount=after,
        pre_payment_amount=before,
        pretax_credit_amounts=[entry | {"type": "discount"} for entry in amounts],
        reason=params.get("reason"),
        refunds=[],
        status="issued",
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inclusive,
        total=total,
        total_excluding_tax=subtotal - discount - inclusive,
        total_taxes=taxes.summed(tax for line in lines for tax in line["taxes"]),
        type="mixed" if before and after else "pre_payment" if before else "post_payment",
    )
    note["pdf"] = f"{world.base_url}/invoice/{invoice['id']}/pdf?credit_note={note['id']}"
    return note


def _of(world: World, invoice: Obj) -> list[Obj]:
    notes = world.store.of_customer("credit_note", invoice["customer"])
    return [note for note in notes if note["invoice"] == invoice["id"]]


def _issued(world: World, invoice: Obj) -> list[Obj]:
    return [note for note in _of(world, invoice) if note["status"] == "issued"]


def _check_money(world: World, params: Obj, after: int, currency: str, *, preview: bool) -> None:
    """What was paid already must go somewhere, and all of it."""
    named = [name for name in ("credit_amount", "refund_amount", "out_of_band_amount", "refunds") if name in params]
    if preview and not named:
        return
    for name in named[:]:
        if name != "refunds" and params[name] < 0:
            raise StripeError("This value must be greater than or equal to 0.", param=name)
    linked = sum(amount for _, amount in _linked(world, params))
    given = sum(params.get(name, 0) for name in ("credit_amount", "refund_amount", "out_of_band_amount")) + linked
    if given != after:
        raise StripeError(
            f"The sum of credit amount, refund amount and out of band amount ({money(given, currency)}) must equal the "
            f"amount of the credit note that has been paid ({money(after, currency)}).",
            param=named[0] if named else None,
        )


def _linked(world: World, params: Obj) -> list[tuple[Obj, int]]:
    """The refunds made before that this note is to explain."""
    found = []
    for number, spec in enumerate(params.get("refunds", ())):
        at = f"refunds[{number}]"
        if "refund" not in spec:
            raise StripeError(f"Missing required param: {at}[refund].", code="parameter_missing", param=f"{at}[refund]")
        made = world.store.get("refund", spec["refund"], f"{at}[refund]")
        invoice = world.store.get("invoice", params["invoice"], "invoice")
        amount = spec.get("amount_refunded", made["amount"])
        if made["payment_intent"] != invoice["_payment_intent"] or not 0 < amount <= made["amount"]:
            raise StripeError("The refund does not belong to this invoice's payment.", param=f"{at}[refund]")
        found.append((made, amount))
    return found


# Lines


def _lines(world: World, invoice: Obj, params: Obj) -> list[Obj]:
    if ("amount" in params) == ("lines" in params):
        raise StripeError("You must pass one of `amount` or `lines`.", code="parameter_missing", param="amount")
    if "amount" in params:
        return [_custom(world, {"unit_amount": params["amount"]}, "amount")]
    credited: dict[str, int] = {}
    for note in _issued(world, invoice):
        for line in note["lines"]:
            if (id := line.get("invoice_line_item")) is not None:
                credited[id] = credited.get(id, 0) + line["amount"]
    found = []
    for number, spec in enumerate(params["lines"]):
        at = f"lines[{number}]"
        if spec["type"] == "custom_line_item":
            if invoice["automatic_tax"]["enabled"]:
                raise StripeError("An invoice with automatic tax takes no custom lines.", param=f"{at}[type]")
            found.append(_custom(world, spec, at))
            continue
        line = _of_invoice(invoice, spec, credited, at)
        credited[line["invoice_line_item"]] = credited.get(line["invoice_line_item"], 0) + line["amount"]
        found.append(line | {"id": world.new_id("cnli")})
    return found


def _custom(world: World, spec: Obj, at: str) -> Obj:
    quantity = spec.get("quantity", 1)
    try:
        unit = Fraction(Decimal(spec["unit_amount_decimal"])) if "unit_amount_decimal" in spec else spec["unit_amount"]
    except KeyError:
        raise StripeError(
            f"Missing required param: {at}[unit_amount].", code="parameter_missing", param=f"{at}[unit_amount]"
        ) from None
    except InvalidOperation:
        raise StripeError("Invalid decimal", param=f"{at}[unit_amount_decimal]") from None
    amount = half_up(Fraction(unit) * quantity)
    rates = taxes.rates_of(world, spec.get("tax_rates"), f"{at}[tax_rates]")
    found = taxes.of(
        amount, [taxes.Rate(rate["id"], Fraction(str(rate["percentage"])), rate["inclusive"]) for rate in rates]
    )
    return _line(
        {"amount": amount, "description": spec.get("description"), "quantity": quantity, "tax_rates": rates,
         "type": "custom_line_item", "unit_amount": unit if isinstance(unit, int) else None,
         "unit_amount_decimal": str(spec.get("unit_amount_decimal", unit))},
        [], found,
    ) | {"id": world.new_id("cnli")}  # fmt: skip


def _of_invoice(invoice: Obj, spec: Obj, credited: dict[str, int], at: str) -> Obj:
    """A part of an invoice's line, with the same part of its discounts and taxes.

    Parts are cut from the line one after the other, so all of them together are the line again.
    """
    line = next((line for line in invoice["lines"] if line["id"] == spec.get("invoice_line_item")), None)
    if line is None:
        raise StripeError(
            f"No such invoice line item: '{spec.get('invoice_line_item')}'", code="resource_missing",
            param=f"{at}[invoice_line_item]",
        )  # fmt: skip
    whole, before = line["amount"], credited.get(line["id"], 0)
    quantity = spec.get("quantity")
    if "amount" in spec:
        amount, name = spec["amount"], "amount"
    else:
        quantity = line["quantity"] if quantity is None else quantity
        amount, name = half_up(Fraction(whole * quantity, line["quantity"] or 1)), "quantity"
    after = before + amount
    if whole == 0 or not 0 < Fraction(after, whole) <= 1 or amount == 0:
        raise StripeError(
            f"The credited amount is more than what is left of the line ({whole - before}).", param=f"{at}[{name}]"
        )

    def part(amount: int) -> int:
        return half_up(Fraction(amount * after, whole)) - half_up(Fraction(amount * before, whole))

    off = [entry | {"amount": part(entry["amount"])} for entry in line["discount_amounts"]]
    found = [
        tax | {"amount": part(tax["amount"]), "taxable_amount": part(tax["taxable_amount"])} for tax in line["taxes"]
    ]
    unit = (line["pricing"] or {}).get("unit_amount_decimal")
    return _line(
        {"amount": amount, "description": line["description"], "invoice_line_item": line["id"], "quantity": quantity,
         "tax_rates": line["_tax_rates"] or invoice["default_tax_rates"] if line["taxes"] else [],
         "type": "invoice_line_item", "unit_amount": int(unit) if unit and "." not in unit else None,
         "unit_amount_decimal": unit},
        off, found,
    )  # fmt: skip


def _line(fields: Obj, off: list[Obj], found: list[Obj]) -> Obj:
    discount = sum(entry["amount"] for entry in off)
    on_top = sum(tax["amount"] for tax in found if tax["tax_behavior"] == "exclusive")
    return fields | {
        "object": "credit_note_line_item", "livemode": False, "metadata": {}, "discount_amount": discount,
        "discount_amounts": off, "pretax_credit_amounts": [entry | {"type": "discount"} for entry in off],
        "taxes": found, "_total": fields["amount"] - discount + on_top,
    }  # fmt: skip


# Endpoints


@route("POST", "/v1/credit_notes")
def create(request: Request) -> Obj:
    world, params = request.world, request.params
    note = build(world, params, preview=False)
    invoice = world.store.change("invoice", note["invoice"])
    before = copied(render(world, invoice))
    world.store.add("credit_note", note)
    for made, amount in _linked(world, params):
        note["refunds"].append(_refunded(made, amount))
    if params.get("refund_amount"):
        charge = charge_of(world, invoice["_payment_intent"])
        note["refunds"].append(_refunded(refund(world, charge, params["refund_amount"]), params["refund_amount"]))
    if params.get("credit_amount"):
        customer = world.store.change("customer", invoice["customer"])
        moved = move_balance(
            world, customer, -params["credit_amount"], "credit_note", invoice=invoice, credit_note=note["id"]
        )
        note["customer_balance_transaction"] = moved and moved["id"]
        emit(world, "customer.updated", customer, {"balance": customer["balance"] + params["credit_amount"]})
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
    emit(world, "credit_note.created", note)
    credit_before_payment(world, invoice, note["pre_payment_amount"])
    emit(world, "invoice.updated", invoice, differences(before, render(world, invoice)))
    return note


def _refunded(made: Obj, amount: int) -> Obj:
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": made["id"], "type": "refund"}


@route("GET", "/v1/credit_notes/preview")
def preview(request: Request) -> Obj:
    return build(request.world, request.params, preview=True)


@route("GET", "/v1/credit_notes/preview/lines")
def preview_lines(request: Request) -> Obj:
    found = build(request.world, request.params, preview=True)["lines"]
    return page(request, found, "credit_note_line_item", newest_first=False)


@route("GET", "/v1/credit_notes")
def list_notes(request: Request) -> Obj:
    rows = matching(request.world.store.all("credit_note"), request.params, "customer", "invoice")
    return page(request, rows, "credit_note")


@route("GET", "/v1/credit_notes/{id}")
def retrieve(request: Request) -> Obj:
    return request.world.store.get("credit_note", request.id)


@route("GET", "/v1/credit_notes/{credit_note}/lines")
def list_lines(request: Request) -> Obj:
    note = request.world.store.get("credit_note", request.id, "credit_note")
    return page(request, note["lines"], "credit_note_line_item", newest_first=False)


@route("POST", "/v1/credit_notes/{id}")
def update(request: Request) -> Obj:
    world, params = request.world, request.params
    note = world.store.change("credit_note", request.id)
    before = copied(render(world, note))
    assign(note, params, "memo")
    note["metadata"] = merged(note["metadata"], params.get("metadata"))
    emit(world, "credit_note.updated", note, differences(before, render(world, note)))
    return note


@route("POST", "/v1/credit_notes/{id}/void")
def void(request: Request) -> Obj:
    world = request.world
    note = world.store.change("credit_note", request.id)
    invoice = world.store.change("invoice", note["invoice"])
    if note["status"] == "void":
        raise StripeError("This credit note is already void.")
    if note["type"] != "pre_payment" or invoice["status"] not in _OPEN:
        raise StripeError(
            "You can only void a credit note while its invoice is open and nothing of it has been paid out."
        )
    before = copied(render(world, invoice))
    note |= {"status": "void", "voided_at": world.now_of(invoice)}
    credit_before_payment(world, invoice, -note["pre_payment_amount"])
    emit(world, "credit_note.voided", note)
    emit(world, "invoice.updated", invoice, differences(before, render(world, invoice)))
    return note
