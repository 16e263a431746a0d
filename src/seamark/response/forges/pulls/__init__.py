"""Pull requests that are opened: the same on every forge."""
