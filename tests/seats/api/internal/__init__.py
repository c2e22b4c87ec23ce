"""The vendor's own API."""
