"""Documents of orders, to read, print and download."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from billing.models import QuantityChange
from seatportal.kit.pdf import sheet_pdf
from seats.documents.order_sheet import finished_order, order_sheet


@requires("billing.view")
@require_safe
def order_document(request: AccountRequest, change_id: str) -> HttpResponse:
    """The amendment that an applied purchase is, in the account's language."""
    change = _find(request, change_id)
    return render(request, "seats/order_document.html", {"change": change, "sheet": order_sheet(change)})


@requires("billing.view")
@require_safe
def order_pdf(request: AccountRequest, change_id: str) -> HttpResponse:
    """The same as a file."""
    change = _find(request, change_id)
    data = sheet_pdf(order_sheet(change), at=change.settled_at or change.confirmed_at)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="order-{change.public_id}.pdf"'
    return response


def _find(request: AccountRequest, change_id: str) -> QuantityChange:
    change = finished_order(change_id, of=request.account)
    if change is None:
        raise Http404
    return change
