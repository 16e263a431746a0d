"""The first migration, which makes every table at once."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.migrations.operations.models import CreateModel
from django.db.migrations.state import ProjectState


class Initial(migrations.Migration):
    """Makes the tables from the state after its last operation.

    One operation after the other, Django renders nearly all models anew for each index and constraint: a quarter of a minute for what
    takes a second. Only for operations that make models and add fields, indexes and constraints to them.
    """

    def apply(self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False) -> ProjectState:  # noqa: ARG002 - the signature of the base
        """Make the tables; return the state that they stand for."""
        # A state that has rendered its models keeps them up to date at each step.
        project_state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(self.app_label, project_state)
        for operation in self.operations:
            if isinstance(operation, CreateModel):
                schema_editor.create_model(project_state.apps.get_model(self.app_label, operation.name))
        return project_state
