"""Long changes of many records, a piece at a time, taken back as a whole."""
