"""The only room that puts others in sequence."""
