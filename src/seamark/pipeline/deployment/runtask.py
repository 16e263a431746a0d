"""Terraform's run tasks: the request that is signed, and the result that is sent back."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from seamark.core.errors import RemoteFailure, SeamarkError
from seamark.governance.policy.model import Effect
from seamark.intake.connectors.caller import Caller
from seamark.intake.connectors.guard import Guarded
from seamark.pipeline.deployment.decide import Decided
from seamark.pipeline.deployment.words import link, reason

PUBLIC: Final = "app.terraform.io"
_MEDIA: Final = "application/vnd.api+json"
_PATH: Final = re.compile(r"/api/v2/task-results/[A-Za-z0-9_-]{1,100}/callback")
_TEST: Final = "test-token"
"""What Terraform sends when a run task is set up."""
_MOST: Final = 50
"""Outcomes that a result lists."""
_LEVELS: Final = {Effect.BLOCK: "error", Effect.WARN: "warning"}


class Task(Struct, frozen=True):
    """What Terraform asks: those of its fields that matter here."""

    access_token: str
    stage: str
    task_result_callback_url: str
    run_id: str
    workspace_name: str
    payload_version: int = 1
    task_result_id: str = ""
    organization_name: str = ""
    is_speculative: bool = False
    vcs_repo_url: str | None = None

    @property
    def test(self) -> bool:
        """Tell whether it only tries whether anybody answers."""
        return self.access_token == _TEST or self.stage == "test"


def verified(body: bytes, signature: str, key: str) -> bool:
    """Tell whether a request is signed with the key (`X-TFC-Task-Signature`: HMAC-SHA512 of the body, hexadecimal)."""
    expected = hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())


def read_task(body: bytes) -> Task:
    """Return what is asked. Raises `SeamarkError`."""
    try:
        task = msgspec.json.decode(body, type=Task)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SeamarkError(f"This is no request of a run task: {error}") from None
    if task.payload_version != 1:
        raise SeamarkError(f"Requests of version {task.payload_version} are not understood, only those of version 1")
    return task


def result(several: Sequence[Decided], address: str) -> dict[str, Any]:
    """Return what is sent back about decisions: passed or failed, and an outcome for each violation."""
    stopped = sum(not one.allowed for one in several)
    blocks = sum(each.effect is Effect.BLOCK for one in several for each in one.verdict.violations)
    warns = sum(each.effect is Effect.WARN for one in several for each in one.verdict.violations)
    outcomes: list[dict[str, Any]] = []
    for one in several:
        for number, each in enumerate(one.verdict.violations):
            if each.effect not in _LEVELS or len(outcomes) >= _MOST:
                continue
            attributes: dict[str, Any] = {
                "outcome-id": f"{one.kept.entry if one.kept.entry is not None else 'seamark'}-{number}", "description": reason(each)[:500],
                "body": _body(one), "tags": {
                    "Status": [{"label": each.effect.value if each.decided else "cannot be decided", "level": _LEVELS[each.effect]}],
                    "Severity": [{"label": each.severity}],
                },
            }  # fmt: skip
            if url := link(one, address):
                attributes["url"] = url
            outcomes.append({"type": "task-result-outcomes", "attributes": attributes})
    message = f"{blocks} violations block, {warns} warn"
    return _result("failed" if stopped else "passed", message, address, outcomes)


def failed(sentence: str, address: str) -> dict[str, Any]:
    """Return what is sent back where nothing could be decided."""
    return _result("failed", sentence[:500], address, [])


def _body(one: Decided) -> str:
    notes = "".join(f"\n- {note}" for note in one.notes)
    return f"**{one.ref or one.application}**: {one.verdict.outcome}{notes}"


def _result(status: str, message: str, address: str, outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    attributes = {"status": status, "message": message}
    if address:
        attributes["url"] = address
    data: dict[str, Any] = {"type": "task-results", "attributes": attributes}
    if outcomes:
        data["relationships"] = {"outcomes": {"data": outcomes}}
    return {"data": data}


def check_callback(task: Task, host: str) -> str:
    """Return the path of the address to send a result to. Raises `RemoteFailure` for any other than the configured host's."""
    try:
        parts = urlsplit(task.task_result_callback_url)
        named = parts.netloc.lower().removesuffix(":443")
    except ValueError:
        parts, named = urlsplit(""), ""
    if parts.scheme != "https" or named != host.lower().removesuffix(":443") or parts.query or parts.fragment:
        raise RemoteFailure(
            f"The result is to be sent to another place than https://{host}: that is refused", permanent=True
        )
    if not _PATH.fullmatch(parts.path):
        raise RemoteFailure("The result is to be sent to an address that is no callback of a run task", permanent=True)
    return parts.path


def send_result(task: Task, body: Mapping[str, Any], host: str, *, transport: Any = None) -> None:
    """Send a result back to the configured host, with the token that came with the request. Raises `RemoteFailure`."""
    path = check_callback(task, host)
    headers = {"Authorization": f"Bearer {task.access_token}"}
    # A Terraform Enterprise that the operator named may stand inside the network; HashiCorp's own service does not.
    guarded = transport or Guarded(() if host.lower() == PUBLIC else (host,))
    with Caller(f"https://{host}", headers, name="Terraform", attempts=4, transport=guarded) as caller:
        caller.call("PATCH", path, dict(body), headers={"Content-Type": _MEDIA}, again=True)
