"""The vendor's own API: what the account team's tools read and do, over all accounts (ADR 57)."""
