"""Registries of container images by the distribution specification: tags, and the digests that they have today."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct

from seamark.core.assets import image_name
from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.doors import Doors
from seamark.intake.connectors.registries.release import Need, Release

_PAGES: Final = 30
_MANIFEST: Final = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)
_NAME: Final = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_CHALLENGE: Final = re.compile(r'(realm|service|scope)="([^"]{1,1000})"')
_NEXT: Final = re.compile(r'<([^>]{1,2000})>;\s*rel="?next"?')


class _Tags(Struct):
    tags: list[str] | None = None


class _Token(Struct):
    token: str = ""
    access_token: str = ""


class Oci:
    """Names without a host are asked for at the configured registry, others at the host in front."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._tokens: dict[tuple[str, str], str] = {}
        self._read: dict[str, tuple[str, ...] | None] = {}
        self._digests: dict[tuple[str, str], str] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all tags; None where the image is not there. Raises `RemoteFailure`, `MsgspecError`."""
        found = self.tags(name)
        return tuple(Release(version=one) for one in found) if found is not None else None

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:  # noqa: ARG002 - asked like all registries
        """Return None: what an image holds is for its inventory to say."""
        return None

    def hashes(self, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return the digest that a tag has now, as (`digest`, `sha256:…`)."""
        if not _TAG.fullmatch(version):
            return ()
        if (name, version) not in self._digests:
            door, path = self._place(name)
            told = self._asked(door, path, f"v2/{path}/manifests/{version}", _MANIFEST)
            digest = told[1].get("docker-content-digest", "") if told is not None else ""
            self._digests[name, version] = digest if _DIGEST.fullmatch(digest) else ""
        digest = self._digests[name, version]
        return (("digest", digest),) if digest else ()

    def tags(self, name: str) -> tuple[str, ...] | None:
        """Return all tags of an image or chart, None where it is not there."""
        if name not in self._read:
            self._read[name] = self._tags(name)
        return self._read[name]

    def _tags(self, name: str) -> tuple[str, ...] | None:
        door, path = self._place(name)
        found: list[str] = []
        at = f"v2/{path}/tags/list?n=1000"
        for _ in range(_PAGES):
            told = self._asked(door, path, at, "application/json")
            if told is None:
                return None
            found += msgspec.json.decode(told[0], type=_Tags).tags or []
            further = _NEXT.search(told[1].get("link", ""))
            if further is None:
                break
            parts = urlsplit(further[1])
            # Only the rest of the same list: the host of such a link is not looked at.
            at = f"v2/{path}/tags/list?{parts.query}"
        return tuple(one for one in dict.fromkeys(found) if _TAG.fullmatch(one))

    def _place(self, name: str) -> tuple[Door, str]:
        plain = image_name(name.removeprefix("oci://"))
        host, slash, rest = plain.partition("/")
        named = bool(slash) and (("." in host) or (":" in host) or host == "localhost")
        path = rest if named else plain if slash else f"library/{plain}"
        if not _NAME.fullmatch(path) or len(path) > 300:
            raise RemoteFailure(f"{name[:100]} is no name of an image", permanent=True)
        return (self._doors.at(f"https://{host}") if named else self._doors.own()), path

    def _asked(self, door: Door, path: str, at: str, accept: str) -> tuple[str, dict[str, str]] | None:
        """Return an answer with its headers, asking for a token where the registry wants one; None where there is nothing."""
        key = (door.base, path)
        for _ in range(2):
            told = door.answer(at, accept, self._tokens.get(key, ""))
            if told.status != 401:
                return (told.text, {name.lower(): value for name, value in told.headers.items()}) if told.ok else None
            if key in self._tokens:
                break
            self._tokens[key] = self._token(told.headers.get("www-authenticate", ""), path)
        raise RemoteFailure(f"{self._doors.name} does not show {path} to everybody", permanent=True)

    def _token(self, challenge: str, path: str) -> str:
        """Return what a registry lets everybody read with. Raises `RemoteFailure`."""
        told = dict(_CHALLENGE.findall(challenge))
        realm = urlsplit(told.get("realm", ""))
        if not challenge.lower().startswith("bearer") or realm.scheme not in {"https", "http"}:
            raise RemoteFailure(f"{self._doors.name} does not show {path} to everybody", permanent=True)
        asked = urlencode({"service": told.get("service", ""), "scope": f"repository:{path}:pull"})
        door = self._doors.at(f"{realm.scheme}://{realm.netloc}")
        answer = door.answer(f"{quote(realm.path.lstrip('/'))}?{asked}", "application/json", "")
        found = msgspec.json.decode(answer.text, type=_Token) if answer.ok else _Token()
        token = found.token or found.access_token
        if not token or not token.isascii() or not token.isprintable():
            raise RemoteFailure(f"{self._doors.name} does not show {path} to everybody", permanent=True)
        return f"Bearer {token}"
