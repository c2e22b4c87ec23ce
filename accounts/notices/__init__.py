"""Mails about an account, each a row before it is sent."""
