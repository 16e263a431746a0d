"""One module a scanner."""
