"""Documents of orders, to read, print and download."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from billing.models import QuantityChange
from seatportal.kit.pdf import sheet_pdf
from seats.documents.order_sheet import finished_order, order_sheet
from seats.documents.request_sheet import approved_request, purchases_of, request_sheet


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


@requires("billing.view")
@require_safe
def request_document(request: AccountRequest, asked_id: str) -> HttpResponse:
    """An approved request, with who agreed. One that is not approved has no document: its page says how it stands."""
    asked = approved_request(asked_id, of=request.account)
    if asked is None:
        return _to_request(request, asked_id)
    return render(request, "seats/request_document.html", {"asked": asked, "sheet": request_sheet(asked)})


@requires("billing.view")
@require_safe
def request_pdf(request: AccountRequest, asked_id: str) -> HttpResponse:
    """The same as a file."""
    asked = approved_request(asked_id, of=request.account)
    if asked is None:
        return _to_request(request, asked_id)
    data = sheet_pdf(request_sheet(asked), at=asked.decided_at or asked.created_at)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="request-{asked.public_id}.pdf"'
    return response


def _to_request(request: AccountRequest, asked_id: str) -> HttpResponse:
    asked = get_object_or_404(purchases_of(request.account), public_id=asked_id)
    return redirect("seats:purchase_request", request.account.slug, asked.public_id)


def _find(request: AccountRequest, change_id: str) -> QuantityChange:
    change = finished_order(change_id, of=request.account)
    if change is None:
        raise Http404
    return change
