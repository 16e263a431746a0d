"""Changes by a language model."""
