"""What follows from records and is kept beside them."""
