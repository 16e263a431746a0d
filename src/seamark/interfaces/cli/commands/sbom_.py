"""seamark sbom."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click

from seamark.analysis.software.difference import ROOT, Difference, Risk, difference, risk
from seamark.analysis.software.matching import Matching, match, wanted
from seamark.analysis.software.query import parse_query
from seamark.core.errors import InvalidQuery, UnreadableReport
from seamark.core.sbom import Sbom
from seamark.intake.sbom.images import base_of, place, read_images
from seamark.intake.sbom.merge import merge
from seamark.intake.sbom.osv import read_advisories
from seamark.intake.sbom.quality import quality
from seamark.intake.sbom.read import read_sbom
from seamark.intake.sbom.vex import statements_in
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import application_named, boot
from seamark.interfaces.cli.files import Place, settled
from seamark.interfaces.cli.inventories import (
    find_in,
    find_kept,
    finding_line,
    format_of,
    label,
    plain_difference,
    plain_matching,
    plain_sbom,
    summary,
)
from seamark.interfaces.cli.table import Column

UNREADABLE = 2
ADVISORIES = click.option(
    "--advisories",
    type=Place(exists=True, path_type=Path),
    metavar="PATH",
    help="OSV records: a file, a zip as OSV exports them, or a folder of both.",
)
AS_JSON = click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
PARTS = (Column("Part", least=24), Column("Met", least=12), Column("Weight", least=6), Column("Why", least=20, fit="wrap"))  # fmt: skip
LAYERS = (Column("Layer", least=5), Column("Of", least=7), Column("Package", least=16, most=60), Column("Version", least=8, most=40))  # fmt: skip


@click.group("sbom")
def command() -> None:
    """Judge, compare, search and merge inventories of software (SBOM): those in files, and those that are kept.

    CycloneDX, SPDX, Syft's JSON and SWID tags are read, in every form they have.

    \b
    Examples:
      seamark sbom check bom.json
      seamark sbom diff old.cdx.json new.spdx.json --advisories osv/
      seamark sbom find 'log4j-core < 2.17' *.json
      seamark sbom merge frontend.json backend.xml --name shop --output shop.cdx.json
    """


def _read(path: str) -> Sbom:
    """Return the inventory in a file; where it is none, say so and end with code 2."""
    try:
        with settled(path) as file:
            return read_sbom(file)
    except UnreadableReport as error:
        output.complain(f"{path}: {error}")
        raise click.exceptions.Exit(UNREADABLE) from None


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what is unreadable besides the inventories into a sentence and code 2."""
    try:
        yield
    except UnreadableReport as error:
        output.complain(str(error))
        raise click.exceptions.Exit(UNREADABLE) from None


def _matched(sboms: Sequence[Sbom], advisories: Path) -> list[Matching]:
    """Return what advisories say of each inventory; they are read once."""
    with _told():
        found = list(read_advisories(advisories, wanted(one for sbom in sboms for one in sbom.entries)))
    return [match(sbom.entries, found) for sbom in sboms]


@command.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@ADVISORIES
@AS_JSON
def check(files: tuple[str, ...], advisories: Path | None, *, as_lines: bool) -> None:
    """Say what inventories hold and how good they are: NTIA's minimum elements, and what makes them usable.

    \b
    Exit codes: 0 all read, 2 something is no SBOM.
    """
    failed = False
    waiting: list[tuple[str, Sbom]] = []
    for path in files:
        try:
            sbom = _read(path)
        except click.exceptions.Exit:
            failed = True
            continue
        if advisories:
            # They are read once, for all inventories together.
            waiting.append((output.named(path), sbom))
        else:
            _checked(output.named(path), sbom, None, as_lines=as_lines)
    if advisories:
        for (name, sbom), matching in zip(waiting, _matched([one for _, one in waiting], advisories), strict=True):
            _checked(name, sbom, matching, as_lines=as_lines)
    if failed:
        raise click.exceptions.Exit(UNREADABLE)


def _checked(name: str, sbom: Sbom, matching: Matching | None, *, as_lines: bool) -> None:
    graded = quality(sbom)
    if as_lines:
        row = plain_sbom(name, sbom, graded)
        if matching is not None:
            row["vulnerabilities"] = plain_matching(matching)
        output.json_line(row)
        return
    edges = sum(len(one.targets) for one in sbom.edges)
    output.say(
        f"{name}: {format_of(sbom)}, {output.count(len(sbom.entries), 'component')}, {output.count(edges, 'edge')}, "
        f"quality {graded.score} of 100 ({graded.grade})"
    )
    for title, words in (
        ("about", label(sbom.subject.component) if sbom.subject else ""),
        ("made", " by ".join(one for one in (sbom.created, ", ".join((*sbom.tools, *sbom.authors))) if one)),
    ):
        if words:
            output.say(f"{title}: {words}")
    rows = (
        (one.name, f"{one.met:,} of {one.of:,}" if one.of else "-", str(one.weight), one.why) for one in graded.parts
    )
    output.table(PARTS, ([output.text(cell) for cell in row] for row in rows))
    for sentence in sbom.problems:
        output.say(f"problem: {sentence}")
    if matching is not None:
        for finding in matching.findings:
            output.say(finding_line(finding))
        output.say(summary(matching))


@command.command("diff")
@click.argument("before", metavar="OLD")
@click.argument("after", metavar="NEW")
@ADVISORIES
@AS_JSON
def diff(before: str, after: str, advisories: Path | None, *, as_lines: bool) -> None:
    """Compare two inventories of one thing, of any formats: added, removed, upgraded, downgraded, relicensed, edges.

    Versions are compared in the order of their ecosystem. With advisories, vulnerabilities that came and went are told.

    \b
    Exit codes: 0 compared, 2 something is no SBOM.
    """
    old, new = _read(before), _read(after)
    found = difference(old, new)
    changed = None
    if advisories:
        was, now = _matched([old, new], advisories)
        changed = risk(was.findings, now.findings)
    if as_lines:
        output.json_line(plain_difference(found, changed))
    else:
        _show_difference(found, changed)


def _show_difference(found: Difference, changed: Risk | None) -> None:
    for title, rows in (("Added", found.added), ("Removed", found.removed)):
        for one in rows:
            output.say(f"{title:<11}{label(one)}")
    for title, changes in (("Upgraded", found.upgraded), ("Downgraded", found.downgraded), ("Changed", found.changed)):
        for each in changes:
            output.say(f"{title:<11}{each.after.name} {each.before.version or '?'} → {each.after.version or '?'}")
    for each in found.relicensed:
        was, now = (", ".join(side.licences) or "none" for side in (each.before, each.after))
        output.say(f"{'Licence':<11}{label(each.after)}: {was} → {now}")
    for title, edges in (("Edge +", found.edges_added), ("Edge -", found.edges_removed)):
        for source, target in edges:
            output.say(f"{title:<11}{'the subject' if source == ROOT else source} → {target}")
    if changed is not None:
        for title, findings in (("Introduced", changed.introduced), ("Resolved", changed.resolved)):
            for finding in findings:
                output.say(f"{title:<11}{finding_line(finding)}")
    output.say(
        f"{len(found.added):,} added, {len(found.removed):,} removed, {len(found.upgraded):,} upgraded, {len(found.downgraded):,} downgraded, "
        f"{len(found.changed):,} changed otherwise, {len(found.relicensed):,} relicensed, {found.unchanged:,} unchanged"
        + (f"; vulnerabilities: {len(changed.introduced):,} introduced, {len(changed.resolved):,} resolved, {changed.remaining:,} remaining" if changed else "")
    )  # fmt: skip


@command.command("find")
@click.argument("query")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="Of what is kept: as it was at the end of a day (UTC).")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Of what is kept: how many."
)
@AS_JSON
def find(query: str, files: tuple[str, ...], at: datetime | None, limit: int, *, as_lines: bool) -> None:
    """Find packages by name, version and licence: in files, or without files in all inventories that are kept.

    A package whose version is missing, or cannot be placed in its ecosystem's order, is listed as "not known". Of what is kept,
    each is told with the asset that holds it, its owner, since when, and the commit that brought it.

    \b
    Examples:
      seamark sbom find openssl *.json
      seamark sbom find 'log4j-core >= 2.0, < 2.17'
      seamark sbom find 'log4j-core < 2.17' --at 2026-03-10
      seamark sbom find 'licence:GPL*' bom.json --json

    \b
    Exit codes: 0 searched, 2 wrong query, or something is no SBOM.
    """
    try:
        asked = parse_query(query)
    except InvalidQuery as error:
        raise click.UsageError(f"{error} (at character {error.position + 1})") from None
    if not files:
        find_kept(asked, at, limit, as_lines=as_lines)
        return
    if at is not None:
        raise click.UsageError("--at belongs to what is kept: leave the files out.")
    if find_in(asked, files, _read, as_lines=as_lines):
        raise click.exceptions.Exit(UNREADABLE)


@command.command("export")
@click.option(
    "--application", required=True, metavar="NAME", help="The application whose assets' inventories are written."
)
@click.option("--format", "format_", type=click.Choice(["cyclonedx", "spdx"]), default="cyclonedx", show_default=True, help="CycloneDX 1.6 or SPDX 2.3, as JSON.")  # fmt: skip
@click.option("--output", "target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to this file, which must not be there yet, instead of standard output.")  # fmt: skip
def export(application: str, format_: str, target: Path | None) -> None:
    """Write everything that an application's assets hold as one document, with what was decided on vulnerabilities (VEX).

    \b
    Exit codes: 0 written, 1 no such application, or the file cannot be written.
    """
    boot()
    from seamark.pipeline.software import document_of
    from seamark.store.access import everything

    _write(document_of(everything(), application_named(application)), format_, target)


@command.command("match")
@click.option("--advisories", required=True, type=Place(exists=True, path_type=Path), metavar="PATH", help="OSV records: a file, a zip as OSV exports them, or a folder of both.")  # fmt: skip
@click.option("--application", default="", metavar="NAME", help="Only this application's inventories.")
@AS_JSON
def match_kept(advisories: Path, application: str, *, as_lines: bool) -> None:
    """Match all inventories that are kept against advisories, without a scan, and import what is vulnerable.

    What the advisories no longer say is closed: give them whole.

    \b
    Exit codes: 0 matched, 1 no such application, 2 unreadable advisories.
    """
    boot()
    from seamark.pipeline.software import rematch

    chosen = application_named(application) if application else None
    for one in rematch(advisories, application=chosen):
        if as_lines:
            output.json_line(one)
        else:
            output.say(
                f"{one.asset}: {one.vulnerable:,} vulnerable in {one.components:,} components, {one.outcome.new:,} new, {one.outcome.fixed:,} fixed"
                + (f"; {one.not_comparable:,} cannot be compared" if one.not_comparable else "")
            )


@command.command("merge")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "format_", type=click.Choice(["cyclonedx", "spdx"]), default="cyclonedx", show_default=True, help="CycloneDX 1.6 or SPDX 2.3, as JSON.")  # fmt: skip
@click.option("--name", default="", metavar="NAME", help="What the whole is called.")
@click.option("--version", default="", metavar="VERSION", help="The version of the whole.")
@click.option("--vex", multiple=True, metavar="FILE", help="A VEX document whose statements are embedded; may be repeated.")  # fmt: skip
@click.option("--output", "target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to this file, which must not be there yet, instead of standard output.")  # fmt: skip
def merge_(
    files: tuple[str, ...], format_: str, name: str, version: str, vex: tuple[str, ...], target: Path | None
) -> None:
    """Make one document of several inventories of any formats; the same inventories give the same bytes.

    \b
    Exit codes: 0 merged, 1 the file cannot be written, 2 something is no SBOM or no VEX document.
    """
    sboms = [_read(path) for path in files]
    with _told():
        statements = [one for path in vex for one in statements_in(path)]
    merged = merge(sboms, name, version, statements)
    for sentence in merged.problems:
        output.complain(f"note: {sentence}")
    _write(merged, format_, target)


def _write(whole: Sbom, format_: str, target: Path | None) -> None:
    if format_ == "cyclonedx":
        from seamark.intake.sbom.write_cyclonedx import write
    else:
        from seamark.intake.sbom.write_spdx import write
    document = write(whole)
    if target is None:
        click.echo(document, nl=False)
        return
    try:
        with target.open("xb") as file:
            file.write(document)
    except FileExistsError:
        raise click.ClickException(f"{target} is there already; nothing was written") from None
    output.say(f"{target}: {output.count(len(whole.entries), 'component')}")


@command.command("layers")
@click.argument("sbom")
@click.option("--image", required=True, type=Place(exists=True, path_type=Path), metavar="FILE", help="The image: `docker inspect`, `skopeo inspect --config`, `docker save` or an OCI layout.")  # fmt: skip
@click.option("--base", "bases", multiple=True, type=Place(exists=True, path_type=Path), metavar="FILE", help="An image that may be its base, described likewise; may be repeated.")  # fmt: skip
@AS_JSON
def layers(sbom: str, image: Path, bases: tuple[Path, ...], *, as_lines: bool) -> None:
    """Say which packages of an image came with its base image, and which are its own: by the layer they lie in.

    \b
    Exit codes: 0 said, 2 something is no SBOM or no image.
    """
    listed = _read(sbom)
    with _told():
        described = read_images(image)[0]
        base, count = base_of(described, [one for path in bases for one in read_images(path)])
    placed = list(place(described, count, listed.entries))
    if as_lines:
        for one in placed:
            component = one.entry.component
            output.json_line(
                {
                    "package": component.name,
                    "version": component.version,
                    "purl": component.purl,
                    "layer": one.layer,
                    "index": one.index,
                    "of": one.origin,
                }
            )
        return
    output.table(
        LAYERS,
        (
            [output.text(cell) for cell in ("-" if one.index is None else str(one.index), one.origin, one.entry.component.name, one.entry.component.version)]
            for one in placed
        ),
    )  # fmt: skip
    called = f"{base.name or 'the base image'}{':' + base.tag if base.tag else ''}" if base else "no base image given"
    output.say(f"{count} of {output.count(len(described.diff_ids), 'layer')} from {called}")
