"""The machinery that all parsers share."""
