"""Files of other systems come in: read, matched with what is there, written a piece at a time."""
