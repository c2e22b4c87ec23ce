"""Seats that nobody uses: asked about, given back, and what is likely to be cut at the renewal."""
