"""From a finding to what corroboration looks at. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from seamark.analysis.correlation.signals import component_key, url_template, vulnerability_name
from seamark.core.assets import image_name
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation, ResourceLocation, WebLocation

_READ: Final = 8_000
"""Characters of an alert that are looked at."""
_MOST: Final = 50
"""Files and processes that are taken from an alert."""
_PACKAGES: Final = frozenset({Kind.DEPENDENCY, Kind.CONTAINER})


class Witness(NamedTuple):
    """A finding as corroboration sees it: plain values, empty or 0 where the report does not say."""

    issue: int
    tool: str
    rule: str
    kind: str = "code"
    cwes: tuple[int, ...] = ()
    title: str = ""
    """What the rule is called, for rules that nothing else is known of."""
    url: str = ""
    """The address that was tested, or its template: only its path counts."""
    method: str = ""
    parameter: str = ""
    path: str = ""
    """The file in the repository; for a package, its file in the image."""
    line: int = 0
    end_line: int = 0
    scope: str = ""
    text: str = ""
    """The code that a tool shows, its flow included."""
    flow: tuple[tuple[str, int], ...] = ()
    """Files and lines that the data passes."""
    component: str = ""
    """The package without its version: `npm/lodash`."""
    version: str = ""
    flaw: str = ""
    asset: int = 0
    places: frozenset[str] = frozenset()
    """Where it was seen: images by their names, workloads by theirs."""
    files: frozenset[str] = frozenset()
    """Files that an alert names."""
    processes: frozenset[str] = frozenset()
    """Processes that an alert names, without their folders."""


def witness(
    finding: Finding, tool: str, issue: int, *, asset: int = 0, about: Rule | None = None, places: Iterable[str] = ()
) -> Witness:
    """Return a finding as corroboration sees it.

    `about` is its rule where that is kept apart; `places` are images and workloads besides the one that it names.
    """
    about = about or finding.about
    kind = finding.kind or Kind.CODE
    one = Witness(
        issue=issue,
        tool=tool,
        rule=finding.rule,
        kind=kind.value,
        cwes=finding.cwes or (about.cwes if about else ()),
        title=(about.title if about else "") or finding.title,
        asset=asset,
        places=frozenset(name for place in places if (name := image_name(place))),
    )
    location = finding.location
    if isinstance(location, ImageLocation):
        one = one._replace(places=one.places | {image_name(location.image)} - {""}, path=location.path)
    elif isinstance(location, ResourceLocation):
        one = one._replace(places=one.places | {location.resource})
    if finding.component is not None and kind in _PACKAGES:
        return one._replace(
            component=component_key(finding), version=finding.component.version, flaw=vulnerability_name(finding)
        )
    if kind is Kind.RUNTIME:
        return _alert(one, finding)
    if isinstance(location, WebLocation):
        return one._replace(url=url_template(location.url), method=location.method, parameter=location.parameter)
    if isinstance(location, CodeLocation):
        return _code(one, finding, location)
    if kind is Kind.PENTEST and isinstance(location, ResourceLocation):
        return _described(one, location.resource)
    return one


def _code(one: Witness, finding: Finding, location: CodeLocation) -> Witness:
    shown = [location.snippet, *(f"{step.location.snippet} {step.message}" for step in finding.flow)]
    return one._replace(
        path=location.path.removeprefix("./"),
        line=location.line or 0,
        end_line=location.end_line or 0,
        scope=location.scope,
        text="\n".join(filter(None, shown))[:_READ],
        flow=tuple((step.location.path.removeprefix("./"), step.location.line or 0) for step in finding.flow),
    )


_FILE = re.compile(r"(?<![\w./-])((?:[\w-]+/)*[\w-]+(?:\.[\w-]+)*\.[A-Za-z]\w{0,5})(?::(\d{1,7}))?(?![\w/(])")
_FUNCTION = re.compile(r"(?<![\w.])([A-Za-z_][\w.]{0,120})\(")


def _described(one: Witness, text: str) -> Witness:
    """Return a tester's finding with the file and the function that the words on its place name."""
    file, function = _FILE.search(text[:_READ]), _FUNCTION.search(text[:_READ])
    return one._replace(
        path=file[1] if file else "",
        line=int(file[2] or 0) if file else 0,
        scope=function[1] if function else "",
    )


_PATH = re.compile(r"(?<![\w.:/-])/[\w.@+~-]+(?:/[\w.@+~-]+)+")
_PROCESS = re.compile(
    r"\b(?:proc\.name|proc\.exepath|proc_name|process|command|exe|exe_path|binary)\s*[=:]\s*([\w./+-]+)", re.IGNORECASE
)
_IMAGE = re.compile(r"\b(?:container\.image\.repository|container\.image|container_image|image)\s*[=:]\s*([\w./:@-]+)")
_FLAW = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)


def _alert(one: Witness, finding: Finding) -> Witness:
    """Return an alert with what its text names: files, processes, the image, the flaw."""
    text = f"{finding.title}\n{finding.description}"[:_READ]
    flaw = _FLAW.search(text)
    files = [*_PATH.findall(text), *([one.path] if one.path.startswith("/") else [])]
    processes = [name.rstrip("/").rpartition("/")[2] for name in _PROCESS.findall(text)]
    return one._replace(
        places=one.places | {name for image in _IMAGE.findall(text) if (name := image_name(image))},
        files=frozenset(files[-_MOST:]),
        processes=frozenset(filter(None, processes[:_MOST])),
        flaw=flaw[0].upper() if flaw else "",
    )
