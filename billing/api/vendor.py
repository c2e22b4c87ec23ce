"""Who sells: what a customer's purchasing department asks for."""

from django.http import Http404
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Vendor
from billing.terms.vendor import vendor, vendor_sheet
from seatportal.api.fields import Moment
from seatportal.api.headers import unless_same
from seatportal.api.pdf import PdfRenderer, pdf_answer
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.pdf import sheet_pdf


class VendorSerializer(serializers.Serializer[Vendor]):
    """What is empty was not given."""

    name = serializers.CharField()
    address = serializers.CharField()
    tax_id = serializers.CharField(allow_blank=True)
    register = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True, help_text="For orders.")
    bank = serializers.CharField(allow_blank=True)
    iban = serializers.CharField(allow_blank=True)
    bic = serializers.CharField(allow_blank=True)
    tax_form_url = serializers.CharField(allow_blank=True)
    security_url = serializers.CharField(allow_blank=True)
    terms_url = serializers.CharField(allow_blank=True)
    privacy_url = serializers.CharField(allow_blank=True)
    updated_at = Moment()


class VendorData(ApiView):
    """GET /api/v1/vendor"""

    required_capability = "billing.view"

    @operation("getVendor", tag="documents", summary="Vendor data", answers={200: VendorSerializer, 304: None})
    def get(self, request: Request) -> Response:
        """Name, tax number, bank and links; 404 while the vendor has given none."""
        return unless_same(request, VendorSerializer(_given()).data)


class VendorPdf(ApiView):
    """GET /api/v1/vendor/pdf"""

    required_capability = "billing.view"
    renderer_classes = [PdfRenderer]

    @operation("getVendorPdf", tag="documents", summary="Vendor data as PDF", answers={200: OpenApiTypes.BINARY})
    def get(self, request: Request) -> Response:
        """In the language of Accept-Language; 404 while the vendor has given none."""
        found = _given()
        sheet = vendor_sheet(found, language=get_language() or "en")
        return pdf_answer(sheet_pdf(sheet, at=found.updated_at), "vendor-data.pdf")


def _given() -> Vendor:
    found = vendor()
    if found is None:
        raise Http404
    return found
