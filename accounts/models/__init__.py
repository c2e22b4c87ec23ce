"""Accounts, people, roles, keys and the audit trail."""

from accounts.models.account import Account
from accounts.models.api_key import ApiKey
from accounts.models.audit import AuditEntry
from accounts.models.department import Department, Region
from accounts.models.idempotency import IdempotentAnswer
from accounts.models.invitation import Invitation
from accounts.models.membership import Membership, Role
from accounts.models.notice import Notice
from accounts.models.person import DirectoryPerson
from accounts.models.scim import ScimConnection, ScimToken
from accounts.models.sso import JoinRequest, MailDomain, SsoConnection, SsoPolicy
from accounts.models.staff_key import StaffKey
from accounts.models.user import User
from accounts.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookStream

__all__ = [
    "Account",
    "ApiKey",
    "AuditEntry",
    "Department",
    "DirectoryPerson",
    "IdempotentAnswer",
    "Invitation",
    "JoinRequest",
    "MailDomain",
    "Membership",
    "Notice",
    "Region",
    "Role",
    "ScimConnection",
    "ScimToken",
    "SsoConnection",
    "SsoPolicy",
    "StaffKey",
    "User",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookStream",
]
