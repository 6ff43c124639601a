"""Everything out again, under its filter and rights."""
