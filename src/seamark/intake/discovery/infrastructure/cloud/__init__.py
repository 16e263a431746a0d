"""Declared clouds: resources of AWS, Google Cloud, Azure and others, however they are written, and what they mean together."""
