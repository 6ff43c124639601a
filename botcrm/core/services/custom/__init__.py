"""What a company made for itself: custom fields and dictionaries."""
