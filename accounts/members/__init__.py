"""Accounts and their people: open, invite, accept, change, remove."""
