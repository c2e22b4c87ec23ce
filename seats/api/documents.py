"""Documents of orders and of approved requests, as procurement files them."""

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from seatportal.api.fields import Moment, PageQuery, checked
from seatportal.api.pagination import page_of_list
from seatportal.api.pdf import PdfRenderer, pdf_answer
from seatportal.api.schema import operation
from seatportal.api.view import ApiView
from seatportal.kit.pdf import sheet_pdf
from seats.documents.order_sheet import finished_order, order_sheet
from seats.documents.queries import KINDS, Document, documents_of
from seats.documents.request_sheet import approved_request, request_sheet


class DocumentQuery(PageQuery):
    """Which to list."""

    kind = serializers.ChoiceField(choices=KINDS, required=False)


class DocumentSerializer(serializers.Serializer[Document]):
    """One document; its PDF stands at /documents/{id}/pdf."""

    id = serializers.CharField(help_text="That of the order or request.")
    kind = serializers.ChoiceField(choices=KINDS)
    at = Moment(help_text="When the seats were there, or the request was approved.")
    po_number = serializers.CharField(allow_blank=True)


class Documents(ApiView):
    """GET /api/v1/documents"""

    required_capability = "billing.view"

    @operation(
        "listDocuments",
        tag="documents",
        summary="Documents of orders and requests",
        query=DocumentQuery,
        answers={200: DocumentSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        """The newest first: every purchase that was carried out, every request for one that was approved."""
        asked = checked(DocumentQuery, request.query_params.dict())
        kinds = frozenset([asked["kind"]] if "kind" in asked else KINDS)
        return page_of_list(request, documents_of(self.account, kinds=kinds), DocumentSerializer)


class DocumentPdf(ApiView):
    """GET /api/v1/documents/{document_id}/pdf"""

    required_capability = "billing.view"
    renderer_classes = [PdfRenderer]

    @operation(
        "getDocumentPdf",
        tag="documents",
        summary="A document as PDF",
        answers={200: OpenApiTypes.BINARY},
    )
    def get(self, request: Request, document_id: str) -> Response:
        """In the account's language. The same document always has the same bytes."""
        change = finished_order(document_id, of=self.account)
        if change is not None:
            data = sheet_pdf(order_sheet(change), at=change.settled_at or change.confirmed_at)
            return pdf_answer(data, f"order-{change.public_id}.pdf")
        asked = approved_request(document_id, of=self.account)
        if asked is None:
            raise Http404
        data = sheet_pdf(request_sheet(asked), at=asked.decided_at or asked.created_at)
        return pdf_answer(data, f"request-{asked.public_id}.pdf")
