"""Idempotency-Key: a repeat gets the first answer, and nothing is done twice.

The first request inserts a row, which is the lock; others with the same key wait for its answer. No transaction is
open while the work is done, because the work may speak to Stripe. What was decided is remembered: done, or refused by
the state of things. What says nothing about the state (a wrong body, too many requests, a failure of ours) is not, so
that the same key may be sent again.
"""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate, cast

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access.api import ApiRequest
from accounts.models import Account, IdempotentAnswer
from seatportal.api.errors import MEDIA_TYPE
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 255
# Longer than the longest request, which waits for Stripe several times; then its process is taken for dead.
LOCK = timedelta(seconds=120)
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.1
KEPT_FOR = timedelta(days=2)
NOT_KEPT = frozenset({400, 413, 415, 422, 429})


class KeyMissing(PortalError):
    """Money moves here, so a repeat must be recognised."""

    code, status = "idempotency_key_missing", 400
    message = _("Send the header Idempotency-Key with a value of your own, such as a UUID; repeat it when you retry.")


class KeyInvalid(PortalError):
    """Not usable as a key."""

    code, status = "idempotency_key_invalid", 400
    message = _("The header Idempotency-Key takes 1 to 255 visible ASCII characters.")


class KeyReused(PortalError):
    """The same key with another request."""

    code, status = "idempotency_key_reused", 422
    message = _("This Idempotency-Key was used for another request. Take a new key for a new request.")


class KeyInUse(PortalError):
    """The first request with this key is still at work."""

    code, status = "idempotency_key_in_use", 409
    message = _("The first request with this Idempotency-Key is still running. Repeat in a moment to get its answer.")
    retry_after = 2


type Post[V: GenericAPIView[Any], **P] = Callable[Concatenate[V, Request, P], Response]


def idempotent[V: GenericAPIView[Any], **P](
    *, required: bool = False, secret: str = ""
) -> Callable[[Post[V, P]], Post[V, P]]:
    """For the `post` of an endpoint with an account. required: refuse requests without a key.

    secret: a field of the answer that is said once and never kept; the replayed answer has null there.
    """

    def decorate(post: Post[V, P]) -> Post[V, P]:
        @wraps(post)
        def once(view: V, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> Response:
            key = _key(request, required=required)
            if key is None:
                return post(view, request, *args, **kwargs)
            row, mine = _take(cast(Account, cast(ApiRequest, request).account), key, _fingerprint(request))
            if not mine:
                return _replay(row)
            try:
                response = post(view, request, *args, **kwargs)
            except Exception as error:  # whatever it is, the key must not stay locked
                try:
                    response = view.handle_exception(error)
                except Exception:
                    _forget(row)
                    raise
            _keep(row, response, secret)
            return response

        vars(once)["idempotency"] = "required" if required else "optional"
        return once

    return decorate


def forget_old_answers(*, at: datetime) -> int:
    """Delete answers that no client repeats any more; returns how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=at - KEPT_FOR, locked_until__lt=at).delete()[0]


def _key(request: Request, *, required: bool) -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        if required:
            raise KeyMissing
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= sign <= "~" for sign in key):
        raise KeyInvalid
    return key


def _fingerprint(request: Request) -> str:
    """What the request asks for; the order of its fields does not matter."""
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    return sha256(f"{request.method} {request.get_full_path()}\n{body}".encode()).hexdigest()


def _take(account: Account, key: str, fingerprint: str) -> tuple[IdempotentAnswer, bool]:
    """The row with True when the work is ours, or the finished row with False. Raises KeyReused, KeyInUse."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        at = now()
        row = IdempotentAnswer.objects.filter(account=account, key=key).first()
        if row is None:
            try:
                with transaction.atomic():
                    return IdempotentAnswer.objects.create(
                        account=account, key=key, fingerprint=fingerprint, locked_until=at + LOCK
                    ), True
            except IntegrityError:
                continue  # Another request was faster; its row is read next.
        if row.fingerprint != fingerprint:
            raise KeyReused
        if row.status is not None:
            return row, False
        if row.locked_until <= at and _take_over(row, at + LOCK):
            return row, True
        if time.monotonic() >= give_up:
            raise KeyInUse
        time.sleep(PAUSE_SECONDS)


def _take_over(row: IdempotentAnswer, until: datetime) -> bool:
    """Its process died. Of several who see that, one moves the lock; it is also what tells their answers apart."""
    taken = _locked(row).update(locked_until=until)
    row.locked_until = until
    return bool(taken)


def _keep(row: IdempotentAnswer, response: Response, secret: str) -> None:
    if response.status_code >= 500 or response.status_code in NOT_KEPT:
        _forget(row)
        return
    # As text, because a JSON column would put the fields into another order.
    data = response.data
    if secret and isinstance(data, dict) and secret in data:
        data = {**data, secret: None}
    body = JSONRenderer().render(data).decode() if data is not None else None
    _locked(row).update(status=response.status_code, body=body)


def _forget(row: IdempotentAnswer) -> None:
    _locked(row).delete()


def _locked(row: IdempotentAnswer) -> Any:
    """The row as long as the lock is the one that we hold or saw."""
    return IdempotentAnswer.objects.filter(pk=row.pk, status__isnull=True, locked_until=row.locked_until)


def _replay(row: IdempotentAnswer) -> Response:
    status = row.status or 500
    return Response(
        json.loads(row.body) if row.body is not None else None,
        status=status,
        headers={REPLAYED: "true"},
        content_type=MEDIA_TYPE if status >= 400 else None,
    )
