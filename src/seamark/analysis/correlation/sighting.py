"""From a finding to what the matcher looks at. Pure."""

from __future__ import annotations

import re

from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.signals import code_key, component_key, url_template, vulnerability_name
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, ResourceLocation, WebLocation

_PACKAGE_KINDS = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST, Kind.LICENCE})
_WORDS = re.compile(r"[a-z0-9]{3,}")


def sighting(
    finding: Finding, tool: str, *, asset: str = "", group: int = 0, about: Rule | None = None, stream: int = 0
) -> Sighting:
    """Return a finding as the matcher sees it. `group` is its vulnerability's alias group, 0 where there is none."""
    about = about or finding.about
    kind = finding.kind or Kind.CODE
    one = Sighting(
        tool=tool,
        rule=finding.rule,
        cwes=finding.cwes or (about.cwes if about else ()),
        kind=kind.value,
        asset=asset,
        stream=stream,
        title=frozenset(_WORDS.findall(finding.title.lower())),
    )
    if finding.component is not None and kind in _PACKAGE_KINDS:
        return one._replace(
            flaw=str(group or vulnerability_name(finding)), component=component_key(finding).rpartition("/")[2]
        )
    return _placed(one, finding)


def _placed(one: Sighting, finding: Finding) -> Sighting:
    location = finding.location
    if isinstance(location, CodeLocation):
        return one._replace(
            path=location.path.removeprefix("./"),
            line=location.line or 0,
            end_line=location.end_line or 0,
            column=location.column or 0,
            scope=location.scope,
            snippet=code_key(location.snippet),
        )
    if isinstance(location, WebLocation):
        return one._replace(url=url_template(location.url), method=location.method, parameter=location.parameter)
    if isinstance(location, ResourceLocation):
        return one._replace(resource=location.resource)
    if isinstance(location, HostLocation):
        return one._replace(resource=f"{location.host}:{location.port or ''}")
    if isinstance(location, ImageLocation):
        return one._replace(resource=f"{location.image}:{location.path}")
    return one
