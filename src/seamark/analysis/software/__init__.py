"""Inventories of software: the order of versions, queries, advisories, differences. Pure."""
