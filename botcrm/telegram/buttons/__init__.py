"""What each button does: one table from the first part of its callback data to a handler."""
