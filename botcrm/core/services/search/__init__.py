"""What records are found by, and the finding."""
