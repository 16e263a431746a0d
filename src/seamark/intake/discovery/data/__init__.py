"""Data files of discovery, and what reads them."""
