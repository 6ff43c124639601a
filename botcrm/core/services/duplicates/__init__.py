"""Who may be the same: on creation, over the whole base, and what people said about it."""
