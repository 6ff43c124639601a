"""Screens: pure functions from records to what a reader sees."""
