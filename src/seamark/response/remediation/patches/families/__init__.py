"""The patches: one file for each family of files."""
