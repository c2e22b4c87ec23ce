"""The audit trail: added to by every verb, read by pages, never changed."""
