"""Readers of routes: one module a family of frameworks. Each takes a parsed file and returns what it declares."""
