"""People, accounts, keys and the trail under /api/v1/."""

from django.urls import path

from accounts.api.audit import Audit
from accounts.api.connections import ConnectionOff, ConnectionOn, Connections, OneConnection
from accounts.api.domains import DomainCheck, Domains, OneDomain
from accounts.api.invitations import InvitationResend, InvitationRevocation, Invitations, OneInvitation
from accounts.api.joins import JoinDecision, JoinRequests, OneJoinRequest
from accounts.api.keys import KeyRevocation, KeyRotation, Keys, OneKey
from accounts.api.me import Me
from accounts.api.places import Departments, OneDepartment, OneRegion, Regions
from accounts.api.sign_in_rules import SignInRules
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
    path("domains", Domains.as_view(), name="domains"),
    path("domains/<str:domain_id>", OneDomain.as_view(), name="domain"),
    path("domains/<str:domain_id>/check", DomainCheck.as_view(), name="check-domain"),
    path("sso-connections", Connections.as_view(), name="sso-connections"),
    path("sso-connections/<str:sso_id>", OneConnection.as_view(), name="sso-connection"),
    path("sso-connections/<str:sso_id>/enable", ConnectionOn.as_view(), name="enable-sso-connection"),
    path("sso-connections/<str:sso_id>/disable", ConnectionOff.as_view(), name="disable-sso-connection"),
    path("policy/sign-in", SignInRules.as_view(), name="sign-in-rules"),
    path("join-requests", JoinRequests.as_view(), name="join-requests"),
    path("join-requests/<str:join_id>", OneJoinRequest.as_view(), name="join-request"),
    path("join-requests/<str:join_id>/decide", JoinDecision.as_view(), name="decide-join-request"),
    path("audit", Audit.as_view(), name="audit"),
]
