"""The package below has tests of its own, run by test_showroom.py."""

collect_ignore = ["showroom"]
