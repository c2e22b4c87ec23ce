"""Staff screens of accounts, people, keys and the audit trail."""

from accounts.admin import accounts, audit, keys, members, notices, sessions, sign_in, sso, staff_keys, webhooks

__all__ = ["accounts", "audit", "keys", "members", "notices", "sessions", "sign_in", "sso", "staff_keys", "webhooks"]
