"""Files in JSON, TOML and XML as plain values, whatever they hold: what is broken is told as trouble."""

from __future__ import annotations

import codecs
import re
import tomllib
from typing import Any, Final

import msgspec
from lxml import etree

from seamark.intake.discovery.tree import Tree

_LARGEST_TOML: Final = 8_000_000
"""Bytes: the library reads a few megabytes a second."""
_LARGEST_SCRIPT: Final = 500_000
_MOST_DOTS: Final = 100
_QUOTED = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'')
_BYTE = re.compile(r"\(byte (\d+)\)")


def mapping(value: Any) -> dict[str, Any]:
    """Return an object with its keys that are texts, an empty one for anything else."""
    if not isinstance(value, dict):
        return {}
    return value if all(type(key) is str for key in value) else {k: v for k, v in value.items() if isinstance(k, str)}


def rows(value: Any) -> list[Any]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def words(value: Any) -> list[str]:
    """Return the texts of a list, none for anything else."""
    return [each for each in rows(value) if isinstance(each, str)]


def word(value: Any) -> str:
    """Return a text, trimmed; numbers as text, an empty one for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 else ""


def licences(value: Any) -> tuple[str, ...]:
    """Return licences as package files write them: a text, `{"type": …}`, or a list of these."""
    found = []
    for each in value[:20] if isinstance(value, list) else [value]:
        said = word(each.get("type") or each.get("name") or each.get("text")) if isinstance(each, dict) else word(each)
        if said and len(said) < 200 and "\n" not in said:
            found.append(said)
    return tuple(found)


def json_at(tree: Tree, path: str) -> dict[str, Any] | None:
    """Return the object of a JSON file; None where it is broken, which is told."""
    data = tree.data(path)
    if data is None:
        return None
    if data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        data = data.decode("utf-16", "replace").encode()
    return decoded(tree, path, data.removeprefix(codecs.BOM_UTF8))


def decoded(tree: Tree, path: str, data: bytes) -> dict[str, Any] | None:
    """Return the object of a JSON text; None where it is broken, which is told."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        at = _BYTE.search(str(error))
        line = data.count(b"\n", 0, int(at[1])) + 1 if at else 0
        tree.trouble(f"{path}:{line}" if line else path, "is not valid JSON")
        return None
    if not isinstance(value, dict):
        tree.trouble(path, "holds no JSON object")
        return None
    return value


def toml_at(tree: Tree, path: str) -> dict[str, Any] | None:
    """Return the table of a TOML file; None where it is broken, which is told."""
    text = tree.text(path)
    if text is None:
        return None
    if len(text) > _LARGEST_TOML:
        tree.trouble(path, "is larger than 8 MB, and was not read")
        return None
    try:
        # A key of thousands of parts takes the library quadratic time.
        if any(line.count(".") > _MOST_DOTS for line in _QUOTED.sub("", text).split("\n")):
            tree.trouble(path, "is not valid TOML, or nested too deeply")
            return None
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        tree.trouble(f"{path}:{line[1]}" if line else path, "is not valid TOML")
    except (RecursionError, ValueError, TypeError, KeyError, AttributeError):
        tree.trouble(path, "is not valid TOML, or nested too deeply")
    return None


def script_at(tree: Tree, path: str) -> str | None:
    """Return the text of a build script; None where it is none, or far too large for one, which is told."""
    text = tree.text(path)
    if text is not None and len(text) > _LARGEST_SCRIPT:
        tree.trouble(path, "is too large to be a build script, and was not read")
        return None
    return text


def yaml_at(tree: Tree, path: str) -> dict[str, Any]:
    """Return the first document of a YAML file, empty where it is broken, which is told."""
    found = tree.documents(path)
    return mapping(found[0].value) if found else {}


def xml_at(tree: Tree, path: str) -> etree._Element | None:
    """Return the root of an XML file, read without entities and network; None where it is broken, which is told."""
    data = tree.data(path)
    if data is None:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        tree.trouble(f"{path}:{error.lineno}" if error.lineno else path, "is not valid XML")
    except (ValueError, LookupError):
        tree.trouble(path, "is not valid XML")
    return None


def local(node: etree._Element) -> str:
    """Return an element's name without its namespace, empty for what is no element."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(node: etree._Element | None, *names: str) -> list[etree._Element]:
    """Return the elements of a name in an element, or of a path of names, whatever their namespace."""
    found = [node] if node is not None else []
    for name in names:
        found = [child for each in found for child in each if local(child) == name]
    return found


def inner(node: etree._Element | None, *names: str) -> str:
    """Return the text of the first element of a path, trimmed; empty where there is none."""
    found = children(node, *names)
    return (found[0].text or "").strip() if found else ""
