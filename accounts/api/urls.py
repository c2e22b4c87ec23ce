"""People, accounts, keys and the trail under /api/v1/."""

from django.urls import path

from accounts.api.audit import Audit
from accounts.api.invitations import InvitationResend, InvitationRevocation, Invitations, OneInvitation
from accounts.api.keys import KeyRevocation, KeyRotation, Keys, OneKey
from accounts.api.me import Me
from accounts.api.places import Departments, OneDepartment, OneRegion, Regions

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
    path("audit", Audit.as_view(), name="audit"),
]
