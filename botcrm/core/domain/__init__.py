"""Hold the pure rules: no I/O, no clock (`now` is an argument)."""
