"""Veracode: detailed reports, findings of the API, pipeline scans, and software composition analysis."""

from seamark.intake.parsers.formats.veracode import detailed, findings, pipeline, sca, sca_agent

__all__ = ["detailed", "findings", "pipeline", "sca", "sca_agent"]
