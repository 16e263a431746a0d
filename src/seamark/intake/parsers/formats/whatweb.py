"""WhatWeb: what web sites are made with, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    JsonLines,
    Kind,
    Rule,
    Run,
    Severity,
    WebLocation,
    json_lines,
    json_rows,
    parser,
    variant,
)

ABOUT = Rule(id="technologies", name="technologies", title="Technologies of a web site")


class Site(Struct):
    target: str | None = None
    http_status: int | None = None
    plugins: dict[str, dict[str, Any] | list[Any]] | None = None
    request_config: Any = None


@parser(
    "whatweb",
    title="WhatWeb",
    kind=Kind.WEB,
    looks=json_rows("target", "http_status", "plugins"),
    made_with="whatweb --log-json=whatweb.json https://example.com",
    url="https://github.com/urbanadventurer/WhatWeb",
    versions="0.4.9 to 0.5.5",
)
def read(sites: list[Site]) -> Iterator[Item]:
    yield Run(tool="WhatWeb")
    for site in sites:
        if site.target:  # some versions end the list with an empty object
            yield _finding(site, site.target)


@variant("whatweb", looks=json_lines("target", "http_status", "plugins"))
def read_lines(sites: JsonLines[Site]) -> Iterator[Item]:
    yield Run(tool="WhatWeb")
    for site in sites:
        if site.target:
            yield _finding(site, site.target)


def _finding(site: Site, target: str) -> Finding:
    url = target if "://" in target else f"http://{target}"
    return Finding(
        rule=ABOUT.id,
        title="Technologies identified",
        severity=Severity.INFO,
        location=WebLocation(url=url),
        about=ABOUT,
        description="\n".join(_technology(name, said) for name, said in (site.plugins or {}).items()),
    )


def _technology(name: str, said: dict[str, Any] | list[Any]) -> str:
    """Return a technology with its version, or with what gave it away."""
    if not isinstance(said, dict):
        return name
    values = said.get("version") or said.get("string") or said.get("module") or []
    words = [str(value) for value in values if isinstance(value, str | int)] if isinstance(values, list) else []
    return f"{name}: {', '.join(words)}" if words else name
