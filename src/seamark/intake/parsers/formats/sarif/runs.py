"""What SARIF says about a run itself: success, errors, rules, commit, image."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from seamark.intake.parsers.formats.sarif import texts
from seamark.intake.parsers.formats.sarif.places import Places
from seamark.intake.parsers.formats.sarif.rules import words
from seamark.intake.parsers.formats.sarif.shape import Invocation, Notification, RunShape, VersionControl
from seamark.intake.parsers.kit import Run, first_line, moment

_MOST = 50
_NOTHING_COMPUTED = "The run holds no results, not even an empty list: the tool did not look"


def describe(run: RunShape, places: Places, ruleset: frozenset[str] | None) -> Run:
    """Return what the report proves about the run."""
    driver = run.tool.driver
    invocations = [*(run.invocations or ())]
    if run.conversion is not None and run.conversion.invocation is not None:
        invocations.append(run.conversion.invocation)
    problems: list[str] = []
    successful, complete = _outcome(invocations, places, problems)
    external = run.external_property_file_references
    if external is not None and external.results:
        names = [places.path(file.location) for file in external.results]
        problems.append(f"Results are in other files: {', '.join(name for name in names if name) or 'unnamed'}")
        complete = False
    elif not computed(run.results):
        problems.append(_NOTHING_COMPUTED)
        successful = False
    control = run.version_control_provenance[0] if run.version_control_provenance else None
    image, digest = _image(run)
    return Run(
        tool=driver.name or driver.full_name or "SARIF",
        version=driver.semantic_version or driver.version or "",
        configuration=((run.automation_details.id or "") if run.automation_details else "").rstrip("/"),
        successful=successful,
        complete=complete,
        problems=tuple(dict.fromkeys(problems))[:_MOST],
        ruleset=ruleset if successful is not False else None,
        scope=places.targets(),
        repository=(control.repository_uri or "") if control else "",
        commit=(control.revision_id or "") if control else "",
        ref=(control.branch or control.revision_tag or "") if control else "",
        image=image,
        image_digest=digest,
        started=_first(moment(invocation.start_time_utc) for invocation in invocations),
        finished=_first(moment(invocation.end_time_utc) for invocation in reversed(invocations)),
        command=_first(invocation.command_line or "" for invocation in invocations),
    )


def _outcome(invocations: list[Invocation], places: Places, problems: list[str]) -> tuple[bool | None, bool | None]:
    """Return success and completeness of all invocations together, and collect what went wrong."""
    outcomes = [invocation.execution_successful for invocation in invocations]
    successful = None if not outcomes or None in outcomes else all(outcomes)
    complete: bool | None = None
    if False in outcomes:
        successful = False
    for invocation in invocations:
        for text in (invocation.process_start_failure_message, invocation.exit_signal_name):
            if text:
                problems.append(text)
                successful = False
        if invocation.execution_successful is False:
            problems.append(_exit(invocation))
        noted = (*(invocation.tool_execution_notifications or ()), *(invocation.tool_configuration_notifications or ()))
        errors = [_say(notification, places) for notification in noted if notification.level == "error"]
        if errors:
            complete = False
            problems.extend(errors)
    return successful, complete


def _exit(invocation: Invocation) -> str:
    code = f" with code {invocation.exit_code}" if invocation.exit_code is not None else ""
    reason = f": {invocation.exit_code_description}" if invocation.exit_code_description else ""
    return f"The tool says that its run failed{code}{reason}"


def _say(notification: Notification, places: Places) -> str:
    text = texts.resolve(notification.message)
    if not text and notification.exception is not None:
        said = notification.exception.message
        text = said if isinstance(said, str) else texts.resolve(said) or notification.exception.type_name or ""
    for place in notification.locations or ():
        if place.physical_location is not None and (path := places.path(place.physical_location.artifact_location)):
            return f"{path}: {first_line(text, 400)}"
    return first_line(text, 400) or "An error without a message"


def _image(run: RunShape) -> tuple[str, str]:
    """Return name and digest of the image that Trivy scanned."""
    bag = run.properties
    if bag is None or not isinstance(bag.image_name, str):
        return "", ""
    digests = [text.partition("@")[2] for text in words(bag.repo_digests)]
    return bag.image_name, next((digest for digest in digests if digest), "")


def _first(given: Iterable[str]) -> str:
    return next((text for text in given if text), "")


def computed(results: Raw) -> bool:
    """Tell whether there is a list of results, be it an empty one."""
    return len(results) > 4 or bytes(results) not in {b"", b"null"}


def context(run: RunShape) -> bytes:
    """Return what of a run bears on the findings of its results: rules, base paths, tables. Not times, versions and commits."""
    invocations = [
        Invocation(
            working_directory=one.working_directory, rule_configuration_overrides=one.rule_configuration_overrides
        )
        for one in run.invocations or ()
    ]
    driver = replace(run.tool.driver, version=None, semantic_version=None)
    return msgspec.msgpack.encode(
        replace(
            run,
            results=Raw(b"\xc0"),
            tool=replace(run.tool, driver=driver),
            invocations=invocations,
            version_control_provenance=[
                VersionControl(mapped_to=one.mapped_to) for one in run.version_control_provenance or ()
            ],
            automation_details=None,
        )
    )
