"""API keys: shown once, kept hashed."""
