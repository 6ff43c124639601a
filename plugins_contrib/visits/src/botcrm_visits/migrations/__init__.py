"""Migrations, written by `botcrm plugin migrations`."""
