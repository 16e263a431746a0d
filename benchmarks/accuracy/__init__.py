"""How often the cross-tool matcher is right, on labelled data."""
