"""The editors: one file for each sort of file."""
