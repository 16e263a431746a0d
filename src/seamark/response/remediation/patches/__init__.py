"""Patches: changes of code and configuration that clear a finding, where that is mechanical."""
