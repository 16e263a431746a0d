"""The Django app that listens to logins, so that they are recorded."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Logging in, and what belongs to it."""

    name = "seamark.interfaces.web.access"
    label = "access"

    def ready(self) -> None:
        """Have logins and changes of factors recorded as events."""
        from seamark.interfaces.web.access import recording

        recording.listen()
