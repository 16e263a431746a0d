"""The Django app of the web UI: templates, static files and tags, no models."""

from django.apps import AppConfig
from django.conf import settings


class WebConfig(AppConfig):
    """Everything that people see in a browser."""

    name = "seamark.interfaces.web"
    label = "web"

    def ready(self) -> None:
        """Have the installation's mapping files as formats. Raises `BrokenPlugin` where one cannot be used."""
        if settings.SEAMARK_MAPPINGS is not None:
            from seamark.intake.parsers.kit.folder import use

            use(settings.SEAMARK_MAPPINGS)
