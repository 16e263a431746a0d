"""Live clusters and clouds: what they answer, as dumps."""
