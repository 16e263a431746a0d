"""The order of versions in each ecosystem: a module gives keys that compare as the ecosystem's own tool does."""
