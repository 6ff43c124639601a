"""The shared core: pure rules (domain), tables (models) and use cases (services)."""
