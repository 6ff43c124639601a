"""What each verb does: one table from verb to handler."""
