"""Reading files of other people's records: tables, contact cards, and what other systems export; a row at a time, whatever the size."""
