"""Seats for the people whom a directory sends."""
