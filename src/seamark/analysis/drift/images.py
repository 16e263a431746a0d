"""Where a running image stands.

| state | holds where |
|---|---|
| attestation-invalid | of the running digest a signature did not verify, and none did |
| never-scanned | no scan was of the running digest, whatever other builds of the image had |
| sbom-of-another-build | there are inventories of the image, and none is of the running digest |
| older-than-clean-build | a build without severe findings was made after the running one |
| attestation-missing | no attestation is of the running digest |
| digest-unknown | the dump does not say which build runs: nothing else can then be told |
| scanned | the running digest was scanned, and nothing above holds |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from seamark.analysis.drift.known import Built, Image, Judged, Running, State, Verdict


def judge(running: Running, known: Mapping[str, Image]) -> list[Judged]:
    """Return the state of each image that a workload runs; `known` has what is known of images by name."""
    found: dict[tuple[str, str], Judged] = {}
    for entry in running.images:
        name, digest = str(entry.get("name", "")), str(entry.get("digest", ""))
        if not name or (name, digest) in found:
            continue
        states = _states(known.get(name, Image(name=name)), digest, str(running.facts.get("started", "")))
        ordered = [state for state in State if state in states]
        found[name, digest] = Judged(
            workload=running.key, image=name, digest=digest, tag=str(entry.get("tag", "")), container=str(entry.get("container", "")),
            state=ordered[0], states=tuple(ordered), reasons={state.value: states[state] for state in ordered},
        )  # fmt: skip
    return list(found.values())


def _states(image: Image, digest: str, started: str) -> dict[State, str]:
    if not digest:
        return {State.DIGEST_UNKNOWN: "The dump names no digest, so nobody can say which build runs"}
    found: dict[State, str] = {}
    scans = [one for one in image.scans if one.digest == digest]
    if scans:
        latest = max(scans, key=lambda one: _when(one.at) or _NEVER)
        found[State.SCANNED] = (
            f"Scanned at {latest.at or 'an unknown time'}: {latest.severe} severe findings stood open"
        )
    else:
        others = len({one.digest for one in image.scans})
        found[State.NEVER_SCANNED] = "This build was never scanned" + (
            f"; {others} other build{'s' if others > 1 else ''} of the image {'were' if others > 1 else 'was'}"
            if others
            else ""
        )
    if image.inventories and not any(one.digest == digest for one in image.inventories):
        latest_listed = max(image.inventories, key=lambda one: _when(one.at) or _NEVER)
        found[State.SBOM_OF_ANOTHER_BUILD] = (
            f"The newest inventory of the image is of {latest_listed.digest or 'a build that it does not name'}, not of what runs"
        )
    found |= _attested(image, digest)
    if (newer := _newer_clean(image, digest, started)) is not None:
        found[State.OLDER_THAN_CLEAN_BUILD] = (
            f"The build {newer.digest}{_tagged(newer)} of {newer.at} has no severe findings, and is newer than what runs"
        )
    if len(found) > 1:
        found.pop(State.SCANNED, None)
    return found


def _tagged(build: Built) -> str:
    return f" ({', '.join(build.tags[:5])})" if build.tags else ""


def _attested(image: Image, digest: str) -> dict[State, str]:
    verdicts = {one.verdict for one in image.attestations if one.digest == digest}
    if Verdict.VERIFIED in verdicts:
        return {}
    if Verdict.INVALID in verdicts:
        return {State.ATTESTATION_INVALID: "The signature of its attestation does not verify"}
    if verdicts:
        return {}
    others = len({one.digest for one in image.attestations})
    words = f"; {others} other builds have one" if others > 1 else "; another build has one" if others else ""
    return {State.ATTESTATION_MISSING: f"No attestation says who built it, and from what{words}"}


def _newer_clean(image: Image, digest: str, started: str) -> Built | None:
    """Return the newest clean build where it is surely newer than the running one.

    A build is clean where its latest scan left no severe finding open. The running one is no younger than its push to the
    registry, its first scan and the start of what runs: the earliest of these counts.
    """
    scans = {one.digest: one for one in sorted(image.scans, key=lambda one: _when(one.at) or _NEVER)}
    born = {one.digest: one for one in sorted(image.builds, key=lambda one: _when(one.at) or _NEVER, reverse=True)}
    for one in scans.values():
        born.setdefault(one.digest, Built(one.digest, one.first or one.at))
    clean = [one for one in born.values() if one.digest in scans and not scans[one.digest].severe and _when(one.at)]
    if not clean:
        return None
    newest = max(clean, key=lambda one: _when(one.at) or _NEVER)
    if newest.digest == digest:
        return None
    scanned = scans.get(digest)
    hints = [_when(born[digest].at) if digest in born else None, _when(scanned.first) if scanned else None]
    # What a registry says of the build is better known than when it was started.
    known = [hint for hint in hints if hint is not None] or [hint for hint in (_when(started),) if hint is not None]
    made = _when(newest.at)
    return newest if known and made is not None and min(known) < made else None


_NEVER = datetime.min.replace(tzinfo=UTC)


def _when(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
