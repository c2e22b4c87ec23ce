"""Domains that an account proved, its identity providers, and what their word is worth."""
