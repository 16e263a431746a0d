"""The Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StoreConfig(AppConfig):
    """Everything that is kept."""

    name = "seamark.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Set up each new database connection, and guard the ledger once its tables are there."""
        from seamark.store import connection  # noqa: F401 - registers the set-up of new connections
        from seamark.store.guards import install_guards
        from seamark.store.query.phrases import install_phrases

        post_migrate.connect(install_guards, sender=self, dispatch_uid="ledger")
        post_migrate.connect(install_phrases, sender=self, dispatch_uid="phrases")
