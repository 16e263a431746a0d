"""Settings, addresses and entry points of the Django site."""
