"""Webhook endpoints in the account's settings."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access.actor import actor_of
from accounts.access.pages import AccountRequest, requires
from accounts.forms import EndpointForm
from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.webhooks.queries import STATES, deliveries_of, endpoints_of, given_up_of
from accounts.webhooks.rules import payload_of
from accounts.webhooks.save_endpoint import add_endpoint, change_endpoint, delete_endpoint, rotate_secret
from accounts.webhooks.send_again import replay_delivery, replay_missed, send_test
from accounts.webhooks.switch_endpoint import By, switch_off, switch_on
from seatportal.kit.clock import now
from seatportal.kit.errors import PortalError
from seatportal.kit.forms import put_error

PAGE = 50


@requires("webhooks.manage")
@require_safe
def webhooks(request: AccountRequest) -> HttpResponse:
    """All endpoints."""
    return render(request, "accounts/webhooks.html", {"endpoints": endpoints_of(request.account)})


@requires("webhooks.manage")
@never_cache
def add(request: AccountRequest) -> HttpResponse:
    """A new one; its secret is in this one answer and nowhere else."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, secret = add_endpoint(
                account=request.account, actor=actor_of(request), at=now(), **form.cleaned_data
            )
        except PortalError as error:
            put_error(form, error)
        else:
            return render(request, "accounts/webhook_secret.html", {"endpoint": endpoint, "secret": secret})
    return render(request, "accounts/webhook_form.html", {"form": form}, status=422 if form.errors else 200)


@requires("webhooks.manage")
@require_safe
def webhook(request: AccountRequest, endpoint_id: str) -> HttpResponse:
    """One endpoint and its log."""
    endpoint = _find(request, endpoint_id)
    state = request.GET.get("state", "")
    log = deliveries_of(endpoint, state=state)
    before = log.filter(public_id=request.GET.get("before", "")).first()
    found = list((log.filter(pk__lt=before.pk) if before else log)[: PAGE + 1])
    context = {
        "endpoint": endpoint,
        "rows": found[:PAGE],
        "before": before,
        "next": found[PAGE - 1] if len(found) > PAGE else None,
        "now": now(),
        "state": state if state in STATES else "",
        "chips": _chips(state),
        "missed": given_up_of(endpoint).count(),
    }
    return render(request, "accounts/webhook.html", context)


@requires("webhooks.manage")
def change(request: AccountRequest, endpoint_id: str) -> HttpResponse:
    """Another address, description or choice of events."""
    endpoint = _find(request, endpoint_id)
    initial = {"url": endpoint.url, "description": endpoint.description, "events": endpoint.events}
    form = EndpointForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_endpoint(
                account=request.account, endpoint=endpoint, actor=actor_of(request), at=now(), **form.cleaned_data
            )
        except PortalError as error:
            put_error(form, error)
        else:
            messages.success(request, _("The endpoint is saved."))
            return _back(endpoint, request)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "accounts/webhook_form.html", context, status=422 if form.errors else 200)


@requires("webhooks.manage")
@require_POST
def switch(request: AccountRequest, endpoint_id: str) -> HttpResponse:
    """Off when it is on, on when it is off; the button says which it meant."""
    endpoint, actor, at = _find(request, endpoint_id), actor_of(request), now()
    if request.POST.get("to") == "on":
        switch_on(account=request.account, endpoint=endpoint, actor=actor, at=at)
        messages.success(request, _("The endpoint is on. What waited is being sent."))
    else:
        switch_off(endpoint=endpoint, by=By.HAND, actor=actor, at=at)
        messages.success(request, _("The endpoint is off. What waits is kept."))
    return _back(endpoint, request)


@requires("webhooks.manage")
@require_POST
def test(request: AccountRequest, endpoint_id: str) -> HttpResponse:
    """Something to try the other side with."""
    endpoint = _find(request, endpoint_id)
    try:
        row = send_test(account=request.account, endpoint=endpoint, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
        return _back(endpoint, request)
    messages.success(request, _("The test event is on its way."))
    return redirect("accounts:webhook_delivery", request.account.slug, endpoint.public_id, row.public_id)


@requires("webhooks.manage")
@require_POST
def replay_all(request: AccountRequest, endpoint_id: str) -> HttpResponse:
    """What was given up, once more."""
    endpoint = _find(request, endpoint_id)
    try:
        count = replay_missed(account=request.account, endpoint=endpoint, since=None, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            ngettext("%(count)d event is on its way again.", "%(count)d events are on their way again.", count)
            % {"count": count},
        )
    return _back(endpoint, request)


@requires("webhooks.manage")
@never_cache
def rotate(request: AccountRequest, endpoint_id: str) -> HttpResponse:
    """Ask, then show the new secret this once."""
    endpoint = _find(request, endpoint_id)
    if request.method == "POST":
        endpoint, secret = rotate_secret(account=request.account, endpoint=endpoint, actor=actor_of(request), at=now())
        context = {"endpoint": endpoint, "secret": secret, "rotated": True}
        return render(request, "accounts/webhook_secret.html", context)
    return render(request, "accounts/webhook_rotate.html", {"endpoint": endpoint})


@requires("webhooks.manage")
def delete(request: AccountRequest, endpoint_id: str) -> HttpResponse:
    """Ask, then forget it."""
    endpoint = _find(request, endpoint_id)
    if request.method == "POST":
        delete_endpoint(account=request.account, endpoint=endpoint, actor=actor_of(request), at=now())
        messages.success(request, _("The endpoint is deleted."))
        return redirect("accounts:webhooks", request.account.slug)
    return render(request, "accounts/webhook_delete.html", {"endpoint": endpoint})


@requires("webhooks.manage")
@require_safe
def delivery(request: AccountRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """What was sent, and what came back."""
    endpoint, row = _delivery(request, endpoint_id, delivery_id)
    body = json.dumps(payload_of(row.event), indent=2, ensure_ascii=False)
    context: dict[str, Any] = {"endpoint": endpoint, "delivery": row, "body": body}
    return render(request, "accounts/webhook_delivery.html", context)


@requires("webhooks.manage")
@require_POST
def replay(request: AccountRequest, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """Once more, with the same id."""
    endpoint, row = _delivery(request, endpoint_id, delivery_id)
    try:
        replay_delivery(account=request.account, delivery=row, actor=actor_of(request), at=now())
    except PortalError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The event is on its way again."))
    return redirect("accounts:webhook_delivery", request.account.slug, endpoint.public_id, row.public_id)


def _chips(state: str) -> list[dict[str, Any]]:
    labels = {"": _("All"), "waiting": _("On their way"), "delivered": _("Delivered"), "given_up": _("Given up")}
    return [
        {"label": label, "url": f"?state={key}" if key else "?", "current": key == (state if state in STATES else "")}
        for key, label in labels.items()
    ]


def _find(request: AccountRequest, endpoint_id: str) -> WebhookEndpoint:
    return get_object_or_404(endpoints_of(request.account), public_id=endpoint_id)


def _delivery(request: AccountRequest, endpoint_id: str, delivery_id: str) -> tuple[WebhookEndpoint, WebhookDelivery]:
    endpoint = _find(request, endpoint_id)
    return endpoint, get_object_or_404(deliveries_of(endpoint), public_id=delivery_id)


def _back(endpoint: WebhookEndpoint, request: AccountRequest) -> HttpResponse:
    return redirect("accounts:webhook", request.account.slug, endpoint.public_id)
