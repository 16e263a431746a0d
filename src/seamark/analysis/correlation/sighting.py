"""From a finding to what the matcher looks at. Pure."""

from __future__ import annotations

import re

from msgspec.structs import replace

from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.signals import component_key, hash64, url_template, vulnerability_name
from seamark.core.finding import Finding, FlowStep, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, ResourceLocation, WebLocation

_PACKAGE_KINDS = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST, Kind.LICENCE})
_ADVISORY = re.compile(
    r"(?:RH[SBE]A|CESA|ELSA|ELBA|ALAS\d*|DSA|DLA|DTSA|USN|LSN|SUSE-SU|SUSE-RU|openSUSE-SU|FEDORA|GLSA|MGASA|AVG|ASA|OVMSA|PHSA|RLSA|"
    r"ALSA|ALBA|VMSA|CISCO-SA|MSRC|KB)[-:]?\d*",
    re.IGNORECASE,
)
"""Names of advisories of distributions and vendors: they speak of many flaws and are an alias of none."""
_new = tuple.__new__


def sighting(
    finding: Finding, tool: str, *, asset: str = "", group: int = 0, about: Rule | None = None, stream: int = 0
) -> Sighting:
    """Return a finding as the matcher sees it. `group` is its vulnerability's alias group, 0 where there is none."""
    about = about or finding.about
    kind = finding.kind or Kind.CODE
    cwes = finding.cwes or (about.cwes if about is not None else ())
    location = finding.location
    path = scope = snippet = resource = flaw = component = url = method = parameter = ""
    line = end_line = column = 0
    flow: tuple[int, ...] = ()
    if finding.component is not None and kind in _PACKAGE_KINDS:
        flaw, component = str(group or vulnerability_name(finding)), component_key(finding).rpartition("/")[2]
    elif type(location) is CodeLocation:
        path, line, end_line = location.path.removeprefix("./"), location.line or 0, location.end_line or 0
        column, scope, snippet = location.column or 0, location.scope, location.snippet
        if finding.flow:
            flow = _ends(finding.flow, location)
    elif type(location) is WebLocation:
        url, method, parameter = url_template(location.url), location.method, location.parameter
    else:
        resource = _resource(finding)
    # Called for every finding of an import: made from its fields in order, past the checking of names, a tuple costs a sixth.
    return _new(
        Sighting,
        (
            tool, finding.rule, path, line, end_line, column, scope, cwes, snippet, kind, resource, flaw, component, url,
            method, parameter, asset, rule_title(about, finding.title), stream, flow,
        ),
    )  # fmt: skip


def plain_sighting(
    tool: str, about: Rule, kind: Kind, path: str, line: int, *, asset: str, title: str, stream: int
) -> Sighting:
    """Return a finding in code of which only its rule, its title and its line count."""
    return _new(
        Sighting,
        (tool, about.id, path, line, 0, 0, "", about.cwes, "", kind, "", "", "", "", "", "", asset, title, stream, ()),
    )


def rule_title(about: Rule | None, said: str) -> str:
    """Return what a rule is called, for `evidence.profile`; where the report gives it no title, its name and `said`.

    `said` is the title of one of its findings.
    """
    if about is None:
        return said
    title = about.title or said
    return f"{about.name}: {title}" if about.name and about.name != title else title


def _ends(flow: tuple[FlowStep, ...], own: CodeLocation) -> tuple[int, ...]:
    """Return the lines of the first and the last step of a flow, as far as they are others of the finding's own file."""
    ends = {step.location.line for step in (flow[0], flow[-1]) if step.location.path == own.path}
    return tuple(sorted(line for line in ends if line and line != own.line))


def _resource(finding: Finding) -> str:
    location = finding.location
    if isinstance(location, ResourceLocation):
        return location.resource
    if isinstance(location, HostLocation):
        return f"{location.host}:{location.port or ''}"
    if isinstance(location, ImageLocation):
        return f"{location.image}:{location.path}"
    return ""


def flaws_of(finding: Finding) -> tuple[Finding, ...]:
    """Return a package's finding once for each CVE that it names, every other finding as it is.

    An advisory of a distribution speaks of many flaws, each an issue of its own; two CVE ids are never aliases of each other. Each
    part keeps the names of advisories, which join no groups; other names, of which it is not told which CVE they mean, become references.
    Fingerprints and row differ from part to part, as those of different findings do.
    """
    names = finding.vulnerabilities
    if len(names) < 2 or finding.component is None or not names[1].startswith("CVE-"):
        return (finding,)
    if (finding.kind or Kind.DEPENDENCY) not in _PACKAGE_KINDS:
        return (finding,)
    flaws = tuple(dict.fromkeys(name for name in names if name.startswith("CVE-")))
    if len(flaws) < 2:
        return (finding,)
    others = tuple(name for name in names if not name.startswith("CVE-"))
    advisories = tuple(name for name in others if _ADVISORY.match(name))
    references = finding.references + tuple(name for name in others if name not in advisories)
    return tuple(
        replace(
            finding,
            vulnerabilities=(flaw, *advisories),
            references=references,
            fingerprints=tuple((name, f"{value}#{flaw}") for name, value in finding.fingerprints),
            row=hash64(f"{finding.row}\0{flaw}") if finding.row else 0,
        )
        for flaw in flaws
    )
