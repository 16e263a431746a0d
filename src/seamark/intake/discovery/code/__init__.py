"""What code says of what it is: frameworks, entry points, services."""
