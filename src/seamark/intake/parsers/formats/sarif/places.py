"""Where SARIF says that something is: URIs with their bases, regions, logical names."""

from __future__ import annotations

import re
from urllib.parse import unquote

from seamark.intake.parsers.formats.sarif.shape import (
    Artifact,
    ArtifactLocation,
    FlowLocation,
    LogicalLocation,
    Place,
    Region,
    RunShape,
)
from seamark.intake.parsers.kit import CodeLocation
from seamark.intake.parsers.kit.tidy import clean_path

_REMEMBERED = 200_000
_DEEPEST = 10
"""Bases that may stand on each other; more are a circle."""
_SOURCE_ROOTS = frozenset(
    {"SRCROOT", "ROOTPATH", "REPOROOT", "REPO_ROOT", "PROJECTROOT", "PROJECT_ROOT", "SOURCEROOT", "ROOT"}
)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


def plain_path(uri: str) -> str:
    """Return the path that a URI reference or a (wrongly written) path stands for."""
    if uri.startswith("file:"):
        return clean_path(uri)
    if "://" in uri:
        return uri
    return clean_path(unquote(uri) if _PERCENT.search(uri) else uri)


class Places:
    """Resolves the locations of one run. Remembers every path, for results repeat them."""

    def __init__(self, run: RunShape) -> None:
        self._artifacts: list[Artifact] = run.artifacts or []
        self._nested = any(artifact.parent_index >= 0 for artifact in self._artifacts)
        self._logical: list[LogicalLocation] = run.logical_locations or []
        self._flow: list[FlowLocation] = run.thread_flow_locations or []
        self._bases = run.original_uri_base_ids or {}
        self._roots = self._source_roots(run)
        self._paths: dict[tuple[str | None, str], str] = {}

    def _source_roots(self, run: RunShape) -> tuple[str, ...]:
        """Return the absolute paths that the report names as the root of what was scanned, the longest first."""
        found: list[str] = []
        mapped = [control.mapped_to for control in run.version_control_provenance or ()]
        found.extend(self._absolute(place) for place in mapped if place is not None)
        absolute = [name for name, base in self._bases.items() if base.uri and not base.uri_base_id]
        found.extend(
            self._absolute(self._bases[name])
            for name in absolute
            if len(absolute) == 1 or name.strip("%$(){}").upper() in _SOURCE_ROOTS
        )
        started_in = [invocation.working_directory for invocation in run.invocations or ()]
        found.extend(self._absolute(place) for place in started_in if place is not None)
        roots = {path.rstrip("/") for path in found if path.startswith("/") and path.rstrip("/")}
        return tuple(sorted(roots, key=lambda path: (-len(path), path)))

    def targets(self) -> tuple[str, ...] | None:
        """Return the paths of what the tool was told to look at, None where the report does not say."""
        named = [number for number, one in enumerate(self._artifacts) if "analysisTarget" in (one.roles or ())]
        paths = dict.fromkeys(self.path(ArtifactLocation(index=number)) for number in named)
        return tuple(path for path in paths if path) or None

    def _absolute(self, location: ArtifactLocation) -> str:
        """Return the path of a location with all its bases put in front."""
        text, base = location.uri or "", location.uri_base_id
        for _ in range(_DEEPEST):
            if base is None or base not in self._bases:
                break
            above = self._bases[base]
            front = above.uri or ""
            text = f"{front.rstrip('/')}/{text}" if front else text
            base = above.uri_base_id
        return plain_path(text)

    def path(self, location: ArtifactLocation | None) -> str:
        """Return the path of an artifact relative to the root of the sources where the report says where that is."""
        if location is None:
            return ""
        uri = location.uri
        key = (location.uri_base_id, uri if uri is not None and not self._nested else f"{location.index} {uri}")
        path = self._paths.get(key)
        if path is None:
            if len(self._paths) > _REMEMBERED:
                self._paths.clear()
            path = self._paths[key] = self._path(location, 0)
        return path

    def _path(self, location: ArtifactLocation, depth: int) -> str:
        artifact = self._artifacts[location.index] if 0 <= location.index < len(self._artifacts) else None
        if artifact is not None and depth < _DEEPEST:
            if artifact.parent_index >= 0 and artifact.parent_index < len(self._artifacts):
                outer = self._path(ArtifactLocation(index=artifact.parent_index), depth + 1)
                inner = location.uri or (artifact.location.uri if artifact.location else "") or ""
                return f"{outer}!/{plain_path(inner).lstrip('/')}"
            if location.uri is None and artifact.location is not None:
                return self._path(
                    ArtifactLocation(uri=artifact.location.uri or "", uri_base_id=artifact.location.uri_base_id),
                    depth + 1,
                )
        return self._relative(location)

    def _relative(self, location: ArtifactLocation) -> str:
        uri = location.uri or ""
        absolute = self._absolute(location)
        for root in self._roots:
            if absolute.startswith(root + "/"):
                return absolute[len(root) + 1 :]
            if absolute == root:
                return ""
        base = self._bases.get(location.uri_base_id or "")
        if base is None or (self._is_root(location.uri_base_id or "") and not uri.startswith("file:")):
            return plain_path(uri)
        return absolute

    def _is_root(self, name: str) -> bool:
        """Tell whether a base is the root of the sources: by its name, or because there is no other."""
        base = self._bases[name]
        return base.uri_base_id is None and (len(self._bases) == 1 or name.strip("%$(){}").upper() in _SOURCE_ROOTS)

    def code(self, place: Place) -> CodeLocation:
        """Return a location with a physical part, a logical part or both."""
        physical = place.physical_location
        if physical is None:
            return CodeLocation(path="", scope=self.scope(place))
        path = self.path(physical.artifact_location)
        region = physical.region
        scope = self.scope(place) if place.logical_locations or place.logical_location else ""
        if region is None:
            region = physical.context_region
            if region is None:
                return CodeLocation(path=path, scope=scope)
        line = region.start_line
        if line is None and region.char_offset is not None:
            line = self.line_at(physical.artifact_location, region.char_offset)
        snippet, around = region.snippet, None
        if snippet is None and physical.context_region is not None:
            snippet, around = physical.context_region.snippet, physical.context_region.start_line
        return CodeLocation(
            path=path,
            line=line,
            column=region.start_column,
            end_line=region.end_line,
            end_column=region.end_column,
            snippet_line=around if snippet is not None and around != line else None,
            snippet=(snippet.text or "") if snippet is not None else "",
            scope=scope,
        )

    def scope(self, place: Place) -> str:
        """Return the first logical name of a location, from the run's table where it is only an index."""
        logical = self.logical(place)
        if logical is None:
            return ""
        return logical.fully_qualified_name or self._qualified(logical)

    def logical(self, place: Place) -> LogicalLocation | None:
        """Return the first logical location that has a name."""
        given = place.logical_locations or []
        if place.logical_location is not None:
            given = [place.logical_location, *given]
        for logical in given:
            if 0 <= logical.index < len(self._logical) and not logical.fully_qualified_name:
                return self._logical[logical.index]
            if logical.fully_qualified_name or logical.name:
                return logical
        return None

    def _qualified(self, logical: LogicalLocation) -> str:
        names = [logical.name or ""]
        for _ in range(_DEEPEST):
            if not 0 <= logical.parent_index < len(self._logical):
                break
            logical = self._logical[logical.parent_index]
            if logical.fully_qualified_name:
                names.append(logical.fully_qualified_name)
                break
            names.append(logical.name or "")
        return ".".join(reversed([name for name in names if name]))

    def line_at(self, location: ArtifactLocation | None, offset: int) -> int | None:
        """Return the line of a character offset, where the report holds the file's text."""
        if location is None:
            return None
        for number, artifact in enumerate(self._artifacts):
            here = number == location.index or (artifact.location is not None and artifact.location.uri == location.uri)
            if here and artifact.contents is not None and artifact.contents.text and offset >= 0:
                return artifact.contents.text.count("\n", 0, offset) + 1
        return None

    def step(self, flow: FlowLocation) -> Place | None:
        """Return the place of a step, from the run's table where it is only an index."""
        if flow.location is None and 0 <= flow.index < len(self._flow):
            return self._flow[flow.index].location
        return flow.location


def is_web(path: str) -> bool:
    """Tell whether a resolved path is a web address."""
    return path.startswith(("http://", "https://"))


def span(region: Region | None) -> str:
    """Return `:12` for a region that starts on line 12, else nothing."""
    return f":{region.start_line}" if region is not None and region.start_line else ""
