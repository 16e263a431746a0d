"""Triage rules and service levels: what they ask for, with whose rights, and what comes of several together."""
