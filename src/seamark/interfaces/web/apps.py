"""The Django app of the web UI: templates, static files and tags, no models."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Everything that people see in a browser."""

    name = "seamark.interfaces.web"
    label = "web"
