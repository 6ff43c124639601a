"""Clients write, and are answered."""
