"""VEX statements of documents of their own (OpenVEX, CSAF, CycloneDX), to go with an inventory."""

from __future__ import annotations

import os
from collections.abc import Iterator

from seamark.core.finding import Finding
from seamark.core.sbom import Statement
from seamark.intake.parsers.kit.read import open_report


def statements_in(path: str | os.PathLike[str]) -> Iterator[Statement]:
    """Yield what a document states about vulnerabilities. Raises `UnreadableReport`."""
    for item in open_report(path).items():
        if not isinstance(item, Finding) or item.vex is None:
            continue
        names = item.vulnerabilities or (item.rule,)
        component = item.component
        refs = (component.purl, component.ref) if component is not None else ()
        yield Statement(
            vulnerability=names[0],
            aliases=names[1:],
            vex=item.vex,
            refs=tuple(dict.fromkeys(one for one in refs if one)),
        )
