"""Inventories of software and what attests them: documents in, values out. Pure and offline."""
