"""Burp: issues of Burp Suite, of its DAST server, and of Dastardly; XML, JSON of both interfaces, HTML, JUnit."""

from seamark.intake.parsers.formats.burp import xml  # isort: skip - declares the format
from seamark.intake.parsers.formats.burp import dastardly, graphql, html, rest

__all__ = ["dastardly", "graphql", "html", "rest", "xml"]
