"""One person in all records: taken out, erased, and not brought back."""
