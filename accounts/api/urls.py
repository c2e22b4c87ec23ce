"""People, accounts, keys and the trail under /api/v1/."""

from django.urls import path

from accounts.api.audit import Audit
from accounts.api.invitations import InvitationResend, InvitationRevocation, Invitations, OneInvitation
from accounts.api.keys import KeyRevocation, KeyRotation, Keys, OneKey
from accounts.api.me import Me
from accounts.api.places import Departments, OneDepartment, OneRegion, Regions
from accounts.api.webhooks import (
    Deliveries,
    DeliveryReplay,
    EndpointReplay,
    EndpointRotation,
    Endpoints,
    EndpointTest,
    OneDelivery,
    OneEndpoint,
)

HOOK = "webhook-endpoints/<str:endpoint_id>"
DELIVERY = f"{HOOK}/deliveries/<str:delivery_id>"

urlpatterns = [
    path("me", Me.as_view(), name="me"),
    path("departments", Departments.as_view(), name="departments"),
    path("departments/<str:department_id>", OneDepartment.as_view(), name="department"),
    path("regions", Regions.as_view(), name="regions"),
    path("regions/<str:region_id>", OneRegion.as_view(), name="region"),
    path("invitations", Invitations.as_view(), name="invitations"),
    path("invitations/<str:invitation_id>", OneInvitation.as_view(), name="invitation"),
    path("invitations/<str:invitation_id>/resend", InvitationResend.as_view(), name="resend-invitation"),
    path("invitations/<str:invitation_id>/revoke", InvitationRevocation.as_view(), name="revoke-invitation"),
    path("api-keys", Keys.as_view(), name="api-keys"),
    path("api-keys/<str:key_id>", OneKey.as_view(), name="api-key"),
    path("api-keys/<str:key_id>/rotate", KeyRotation.as_view(), name="rotate-api-key"),
    path("api-keys/<str:key_id>/revoke", KeyRevocation.as_view(), name="revoke-api-key"),
    path("webhook-endpoints", Endpoints.as_view(), name="webhook-endpoints"),
    path(HOOK, OneEndpoint.as_view(), name="webhook-endpoint"),
    path(f"{HOOK}/rotate-secret", EndpointRotation.as_view(), name="rotate-webhook-secret"),
    path(f"{HOOK}/test", EndpointTest.as_view(), name="test-webhook-endpoint"),
    path(f"{HOOK}/replay", EndpointReplay.as_view(), name="replay-missed-webhooks"),
    path(f"{HOOK}/deliveries", Deliveries.as_view(), name="webhook-deliveries"),
    path(DELIVERY, OneDelivery.as_view(), name="webhook-delivery"),
    path(f"{DELIVERY}/replay", DeliveryReplay.as_view(), name="replay-webhook-delivery"),
    path("audit", Audit.as_view(), name="audit"),
]
