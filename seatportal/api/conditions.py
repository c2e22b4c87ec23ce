"""If-Match: nobody overwrites what they have not seen (RFC 9110 §13.1.1, RFC 6585 §3)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from seatportal.api.headers import etag_of
from seatportal.kit.errors import PortalError

HEADER = "If-Match"


class Changed(PortalError):
    """Somebody else wrote in between."""

    code, status = "precondition_failed", 412
    message = _("This changed since you read it, and nothing was done. Read it again and decide anew.")


class ConditionMissing(PortalError):
    """Here a write replaces the whole, so it has to say what it replaces."""

    code, status = "precondition_required", 428
    message = _("Read this first and send its ETag in the header If-Match, so that nobody's change is lost.")


@contextmanager
def unchanged(
    request: Request, *, lock: Callable[[], object], read: Callable[[], Any], required: bool = False
) -> Iterator[None]:
    """A transaction in which the thing is what If-Match names, and stays so until the end.

    lock: takes the locks that the verb in the body takes, in the verb's order. read: what the ETag is made of, as GET
    makes it. Raises Changed; ConditionMissing where it is required.
    """
    if required and HEADER not in request.headers:
        raise ConditionMissing
    with transaction.atomic():
        lock()
        refuse_if_changed(request, read)
        yield


def refuse_if_changed(request: Request, read: Callable[[], Any]) -> None:
    """Raises Changed unless it is what If-Match names, if the header is there. Call it under the verb's locks: by
    `unchanged`, or handed to a verb that first asks the outside world and locks afterwards.
    """
    header = request.headers.get(HEADER)
    if header is None:
        return
    # A proxy that compresses marks the tag as weak; for us it is the same.
    seen = [tag.removeprefix("W/") for tag in parse_etags(header)]
    if "*" not in seen and etag_of(read()) not in seen:
        raise Changed
