"""Mails about money: what is told to whom, and when."""
