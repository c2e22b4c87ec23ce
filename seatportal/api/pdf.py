"""Answers that are files: a PDF, or a problem as everywhere."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

PDF = "application/pdf"


class PdfRenderer(BaseRenderer):
    """For `renderer_classes`. Bytes go as they are; a refusal is JSON, and its type says so."""

    media_type = PDF
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """DRF's signature."""
        return data if isinstance(data, bytes) else JSONRenderer().render(data)


def pdf_answer(data: bytes, name: str) -> Response:
    """To be kept under a name, which has no quotes."""
    return Response(data, headers={"Content-Disposition": f'attachment; filename="{name}"'})
