"""A local Stripe over HTTP: its own process and its own store. It imports nothing of the portal."""
