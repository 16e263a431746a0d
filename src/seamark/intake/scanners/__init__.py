"""Runs the scanners that a machine has, and hands their reports over. One declaration a scanner, in `tools`."""
