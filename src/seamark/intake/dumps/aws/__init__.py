"""Answers of AWS, as its command line prints them."""
