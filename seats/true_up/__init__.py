"""Idle seats credited by the period, and the quarterly true-up with its evidence (product.md F5 to F7)."""
