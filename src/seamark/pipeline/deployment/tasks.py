"""Works a run task of Terraform off: finds out what it is about, decides, and sends the result back."""

from __future__ import annotations

import logging
from typing import Any, Final

from seamark.core.assets import AssetKind
from seamark.core.errors import ImportRefused, NotFound, RemoteFailure, SeamarkError
from seamark.pipeline.deployment.decide import decide
from seamark.pipeline.deployment.runtask import Task, check_callback, failed, result, send_result
from seamark.pipeline.deployment.subject import Place, Subject
from seamark.pipeline.target import repository_key
from seamark.store.access import Visible, everything

_LOGGER: Final = logging.getLogger("seamark.runtask")


def work_off(task: Task, application: str, environment: str, host: str, address: str, transport: Any = None) -> bool:
    """Decide on the application of a run and send the result; return whether it arrived. What fails is logged: Terraform then gives up by itself."""
    try:
        check_callback(task, host)
        send_result(task, _result(task, application, environment, address), host, transport=transport)
    except RemoteFailure as error:
        _LOGGER.warning("The result of the run task for %s was not delivered: %s", task.run_id, error)
        return False
    return True


def _result(task: Task, application: str, environment: str, address: str) -> dict[str, Any]:
    visible = everything()
    try:
        subject = Subject(application=application or _application(visible, task), place=Place(environment=environment))
        return result([decide(visible, subject, dry=task.is_speculative)], address)
    except SeamarkError as error:
        return failed(str(error), address)
    except Exception:
        _LOGGER.exception("The run task for %s could not be decided", task.run_id)
        return failed("Seamark could not decide: its log has the details", address)


def _application(visible: Visible, task: Task) -> str:
    """Return the application of the workspace's repository, else that of its name. Raises `NotFound`."""
    if task.vcs_repo_url:
        try:
            key = repository_key(task.vcs_repo_url)
        except ImportRefused:
            key = ""
        rows = visible.assets().filter(kind=AssetKind.REPOSITORY.value, key=key, application__isnull=False)
        slug = rows.values_list("application__slug", flat=True).first()
        if slug:
            return slug
    rows_of = visible.applications()
    row = rows_of.filter(slug=task.workspace_name).first() or rows_of.filter(name__iexact=task.workspace_name).first()
    if row is None:
        told = f"No application is known for the workspace {task.workspace_name}: name it in the run task's address (?application=…)"
        raise NotFound(told)
    return row.slug
