"""What real files name, found without the editors: packages with their versions, as changes that a plan might ask for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml
from lxml import etree

from seamark.response.remediation.change import Change, ChangeKind

INTEGRITY = (
    ("integrity", "sha512-" + "A" * 86 + "=="), ("checksum", "a" * 64), ("sha256", "b" * 64), ("h1", "h1:" + "C" * 43 + "="), ("h1_mod", "h1:" + "D" * 43 + "="),
    ("commit", "e" * 40), ("digest", "sha256:" + "f" * 64), ("reference", "e" * 40), ("sha1", "f" * 40), ("shasum", "e" * 40), ("zh", "a" * 64),
)  # fmt: skip


def higher(version: str) -> str:
    """Return a version with a larger last number."""
    parts = version.split(".")
    at = max((i for i, each in enumerate(parts) if each.isdigit()), default=-1)
    if at < 0:
        return ""
    parts[at] = str(int(parts[at]) + 7)
    return ".".join(parts)


def bump(ecosystem: str, name: str, version: str, path: str, kind: ChangeKind = ChangeKind.BUMP) -> Change:
    """Return the change that raises a package a little."""
    return Change(
        ecosystem=ecosystem,
        name=name,
        from_version=version,
        to_version=higher(version),
        manifests=(path,),
        kind=kind,
        integrity=INTEGRITY,
    )


def changes(sort: str, path: str, text: str) -> Iterator[Change]:
    """Yield changes of what a file names."""
    yield from (each for each in FINDERS[sort](path, text) if each.to_version)


def _toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))


def requirements(path: str, text: str) -> Iterator[Change]:
    for name, version in re.findall(
        r"^([A-Za-z][\w.-]*)(?:\[[^\]]*\])?[ ]*==[ ]*([0-9][0-9.]*)(?=[\s;\\]|$)", text, re.MULTILINE
    ):
        yield bump("pypi", name, version, path)


def pyproject(path: str, text: str) -> Iterator[Change]:
    found = _toml(text)
    for each in found.get("project", {}).get("dependencies", []):
        if match := re.match(r"([\w.-]+)(?:\[[^\]]*\])?\s*(?:>=|==|~=)\s*([0-9][0-9.]*)", each):
            yield bump("pypi", match[1], match[2], path)
    for name, each in found.get("tool", {}).get("poetry", {}).get("dependencies", {}).items():
        asked = each.get("version", "") if isinstance(each, dict) else each
        if name != "python" and isinstance(asked, str) and (match := re.search(r"([0-9][0-9.]*)", asked)):
            yield bump("pypi", name, match[1], path)


def pipfile(path: str, text: str) -> Iterator[Change]:
    if path.endswith(".lock"):
        for name, each in json.loads(text).get("default", {}).items():
            if "version" in each:
                yield bump("pypi", name, each["version"].removeprefix("=="), path)
        return
    for name, each in _toml(text).get("packages", {}).items():
        asked = each.get("version", "") if isinstance(each, dict) else each
        if match := re.search(r"([0-9][0-9.]*)", asked):
            yield bump("pypi", name, match[1], path)


def package_json(path: str, text: str) -> Iterator[Change]:
    found = json.loads(text.removeprefix("\ufeff"))
    for group in ("dependencies", "devDependencies"):
        for name, asked in (found.get(group) or {}).items():
            if match := re.fullmatch(r"[\^~]?([0-9]+\.[0-9]+\.[0-9]+)", asked):
                yield bump("npm", name, match[1], path)


def package_lock(path: str, text: str) -> Iterator[Change]:
    found = json.loads(text)
    for place, each in found.get("packages", {}).items():
        if "node_modules/" in place and "integrity" in each:
            yield bump("npm", each.get("name") or place.rpartition("node_modules/")[2], each["version"], path)
    if "packages" not in found:
        for name, each in found.get("dependencies", {}).items():
            if "integrity" in each:
                yield bump("npm", name, each["version"], path)


def yarn(path: str, text: str) -> Iterator[Change]:
    for name, version in re.findall(r'^"?(@?[^@"\n]+)@[^\n]*:\n +version:? "?([0-9][0-9.]*)"?$', text, re.MULTILINE):
        yield bump("npm", name, version, path)


def pnpm(path: str, text: str) -> Iterator[Change]:
    found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for key in found.get("packages") or {} if isinstance(found.get("packages"), dict) else {}:
        if match := re.fullmatch(r"/?(@?[^@]+)[@/]([0-9][0-9.]*)", key):
            yield bump("npm", match[1], match[2], path)
    for name, asked in (found.get("catalog") or {}).items():
        if match := re.fullmatch(r"[\^~]?([0-9]+\.[0-9]+\.[0-9]+)", asked):
            yield bump("npm", name, match[1], path)


def maven(path: str, text: str) -> Iterator[Change]:
    root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False))
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    properties = {
        etree.QName(each).localname: (each.text or "")
        for each in root.xpath("//m:properties/*", namespaces=space)
        if isinstance(each.tag, str)
    }
    for node in root.xpath("//m:dependency | //m:parent", namespaces=space):
        group, artifact, version = (
            node.findtext(f"m:{name}", "", space).strip() for name in ("groupId", "artifactId", "version")
        )
        version = properties.get(version[2:-1], "") if version.startswith("${") else version
        if re.fullmatch(r"[0-9][\w.-]*", version) and "$" not in group:
            yield bump("maven", f"{group}/{artifact}", version, path)


def gradle(path: str, text: str) -> Iterator[Change]:
    for group, artifact, version in re.findall(
        r"""^[^/\n]*["']([\w.-]+):([\w.-]+):([0-9][\w.]*)["']""", text, re.MULTILINE
    ):
        yield bump("maven", f"{group}/{artifact}", version, path)


def catalogue(path: str, text: str) -> Iterator[Change]:
    found = _toml(text)
    for each in found.get("libraries", {}).values():
        if isinstance(each, str):
            name, _, version = each.rpartition(":")
        else:
            name = each.get("module") or f"{each.get('group')}:{each.get('name')}"
            version = each.get("version", "")
            version = found["versions"].get(version.get("ref"), "") if isinstance(version, dict) else version
        if isinstance(version, str) and re.fullmatch(r"[0-9][\w.-]*", version):
            yield bump("maven", name.replace(":", "/"), version, path)


def golang(path: str, text: str) -> Iterator[Change]:
    if path.endswith(".sum"):
        found = re.findall(r"^(\S+) (v[0-9]+\.[0-9]+\.[0-9]+) h1:", text, re.MULTILINE)
    else:
        found = re.findall(r"^\s*(?:require )?([\w.-]+\.[\w.-]+/\S+) (v[0-9]+\.[0-9]+\.[0-9]+)\s", text, re.MULTILINE)
    for name, version in found:
        yield bump("golang", name, version, path)


def cargo(path: str, text: str) -> Iterator[Change]:
    found = _toml(text)
    for each in found.get("package", []) if path.endswith(".lock") else []:
        if "checksum" in each:
            yield bump("cargo", each["name"], each["version"], path)
    for group in ("dependencies", "dev-dependencies"):
        for name, each in found.get(group, {}).items():
            asked = each.get("version", "") if isinstance(each, dict) else each
            if re.fullmatch(r"[0-9][0-9.]*", asked) and not (isinstance(each, dict) and "package" in each):
                yield bump("cargo", name, asked, path)


def gem(path: str, text: str) -> Iterator[Change]:
    pattern = (
        r"^    ([\w-]+) \(([0-9][0-9.]*)\)$"
        if path.endswith(".lock")
        else r"""^\s*(?:gem|\w+\.add_\w*dependency)[ (]["']([\w-]+)["'], ["'](?:~>|>=)? ?([0-9][0-9.]*)["']"""
    )
    for name, version in re.findall(pattern, text, re.MULTILINE):
        yield bump("gem", name, version, path)


def nuget(path: str, text: str) -> Iterator[Change]:
    for name, version in re.findall(
        r"""<(?:PackageReference|PackageVersion|package) (?:Include|id)="([\w.-]+)" [Vv]ersion="([0-9][0-9.]*)\"""",
        text,
    ):
        yield bump("nuget", name, version, path)


def composer(path: str, text: str) -> Iterator[Change]:
    found = json.loads(text)
    for each in found.get("packages", []):
        yield bump("composer", each["name"], each["version"], path)
    for name, asked in found.get("require", {}).items():
        if "/" in name and isinstance(asked, str) and (match := re.fullmatch(r"[\^~]?([0-9][0-9.]*)", asked)):
            yield bump("composer", name, match[1], path)


def dockerfile(path: str, text: str) -> Iterator[Change]:
    for name, tag in re.findall(r"^FROM (?:--platform=\S+ )?([\w./-]+):([\w.-]+)", text, re.MULTILINE):
        yield image(path, name, tag)


def image(path: str, name: str, tag: str) -> Change:
    found = re.search(r"[0-9]+", tag)
    wanted = tag[: found.start()] + str(int(found[0]) + 7) + tag[found.end() :] if found else ""
    wanted += "@sha256:" + "f" * 64 if wanted and "digest" in path else ""
    return Change(
        ecosystem="docker",
        name=name,
        from_version=tag,
        to_version=wanted,
        manifests=(path,),
        kind=ChangeKind.IMAGE,
        integrity=INTEGRITY,
    )


def images(path: str, text: str) -> Iterator[Change]:
    for name, tag in re.findall(
        r"""^\s*(?:- )?image: ["']?([\w./-]+):([\w.-]+)["']?(?:@\S+)?\s*(?:#.*)?$""", text, re.MULTILINE
    ):
        yield image(path, name, tag)
    for name, tag in re.findall(
        r"""^ +repository: ["']?([\w./-]+)["']?\n(?:\s*#.*\n)* +tag: ["']?([\w.-]+)["']?\s*$""", text, re.MULTILINE
    ):
        yield image(path, name, tag)


def terraform(path: str, text: str) -> Iterator[Change]:
    for name, version in re.findall(
        r"""source\s*=\s*"([\w./-]+)"\s*\n\s*version\s*=\s*"(?:~>|>=|=)?\s*([0-9][0-9.]*)\"""", text
    ):
        yield bump("terraform", name, version, path, ChangeKind.MODULE)
    for name, version in re.findall(
        r"""^provider "[^"/]+/([^"]+)" \{\s*version\s*=\s*"([0-9][0-9.]*)\"""", text, re.MULTILINE
    ):
        yield bump("terraform", name, version, path, ChangeKind.MODULE)


def chart(path: str, text: str) -> Iterator[Change]:
    for each in yaml.safe_load(text).get("dependencies") or []:
        if match := re.fullmatch(r"[\^~]?([0-9]+\.[0-9]+\.[0-9]+)", str(each.get("version", ""))):
            yield bump("helm", each["name"], match[1], path, ChangeKind.CHART)


def actions(path: str, text: str) -> Iterator[Change]:
    for name, version in re.findall(
        r"^\s*(?:- )?uses: ([\w.-]+/[\w.-]+)(?:/[^@\s]*)?@(v[0-9][\w.]*)\s*$", text, re.MULTILINE
    ):
        yield bump("githubactions", name, version.removeprefix("v"), path, ChangeKind.ACTION_PIN)
    for name, version in re.findall(
        r"^\s*(?:- )?uses: ([\w.-]+/[\w.-]+)(?:/[^@\s]*)?@[0-9a-f]{40} # (v[0-9][\w.]*)\s*$", text, re.MULTILINE
    ):
        yield bump("githubactions", name, version, path, ChangeKind.ACTION_PIN)


FINDERS = {
    "requirements": requirements, "pyproject": pyproject, "pipfile": pipfile, "package_json": package_json, "package_lock": package_lock, "yarn": yarn, "pnpm": pnpm,
    "maven": maven, "gradle": gradle, "catalogue": catalogue, "golang": golang, "cargo": cargo, "gem": gem, "nuget": nuget, "composer": composer,
    "dockerfile": dockerfile, "compose": images, "kubernetes": images, "values": images, "terraform": terraform, "tflock": terraform, "chart": chart, "actions": actions,
}  # fmt: skip
