"""Accounts, people, roles, keys and the audit trail."""
