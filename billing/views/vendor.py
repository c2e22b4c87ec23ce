"""Vendor data for a customer's purchasing department, to read and to download."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access.pages import AccountRequest, requires
from billing.terms.vendor import vendor, vendor_sheet
from seatportal.kit.contact import account_team
from seatportal.kit.pdf import sheet_pdf


@requires("billing.view")
@require_safe
def vendor_data(request: AccountRequest) -> HttpResponse:
    """Tax number, address, bank and links; or whom to ask while they are not given."""
    found = vendor()
    context = {
        "sheet": vendor_sheet(found, language=get_language() or "en") if found else None,
        "contact": account_team(),
    }
    return render(request, "billing/vendor.html", context)


@requires("billing.view")
@require_safe
def vendor_pdf(request: AccountRequest) -> HttpResponse:
    """The same as a file; while there is nothing in it, the page says whom to ask."""
    found = vendor()
    if found is None:
        return redirect("billing:vendor", request.account.slug)
    response = HttpResponse(
        sheet_pdf(vendor_sheet(found, language=get_language() or "en"), at=found.updated_at),
        content_type="application/pdf",
    )
    response["Content-Disposition"] = 'attachment; filename="vendor-data.pdf"'
    return response
