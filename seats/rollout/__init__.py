"""Seats that come in steps: by date, and once those that are there are used (product.md D7, D8 and §4.5)."""
