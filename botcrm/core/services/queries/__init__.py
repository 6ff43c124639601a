"""Lists of records by what people ask for, within their rights."""
