"""Which findings are the same: over time within a stream, and between tools."""
