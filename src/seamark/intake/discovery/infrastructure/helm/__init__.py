"""Helm charts: enough of the template language to see what a chart deploys with its own values. Nothing is executed, fetched or looked up."""
