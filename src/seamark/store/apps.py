"""The Django app."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Everything that is kept."""

    name = "seamark.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Set up each new database connection."""
        from seamark.store import connection  # noqa: F401 - registers the set-up of new connections
