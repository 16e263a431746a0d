"""The knowledge base: an article for each weakness that is met often, in our own words, as data files.

An article stands in `articles/<name>.yaml`; a new one is one file more. It knows no database.
"""
