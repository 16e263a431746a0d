"""Forms in which findings and issues leave the house."""
