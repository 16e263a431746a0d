"""Writes the facts below all measures, once a day, and makes what is sent or kept of them."""
