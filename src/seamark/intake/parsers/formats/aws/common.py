"""What Amazon's services have in common: resources, images, packages."""

from __future__ import annotations

from functools import lru_cache

from seamark.intake.parsers.kit import Component, ImageLocation, Kind, Location, ResourceLocation
from seamark.intake.parsers.kit.packages import package

_MANAGERS = {"PYTHONPKG": "python", "NODEPKG": "node", "DOTNET_CORE": "nuget", "PYTHON": "python", "GENERIC": ""}
_IMAGES = {"AWSECRCONTAINERIMAGE"}
_HOSTS = {"AWSEC2INSTANCE"}
_FUNCTIONS = {"AWSLAMBDAFUNCTION", "CODEREPOSITORY"}


@lru_cache(maxsize=16384)
def component(manager: str, name: str, version: str, release: str = "", platform: str = "") -> Component:
    """Return the component for a package as Amazon names it; `platform` is the one of the machine (`UBUNTU_20_04`)."""
    word = manager.upper()
    full = f"{version}-{release}" if release and release not in version else version
    if word == "OS":
        family = platform.partition("_")[0].lower()
        return package("amazon" if platform.upper().startswith("AMAZON") else family, name, full)
    return package(_MANAGERS.get(word, word.lower()), name, full)


def _plain(kind: str) -> str:
    return kind.replace("_", "").upper()


def place(
    identifier: str, kind: str, region: str, account: str, path: str = "", tags: tuple[str, ...] = ()
) -> Location:
    """Return where a finding is: an image of a registry, or any other resource."""
    if _plain(kind) in _IMAGES and ":repository/" in identifier:
        head, _, rest = identifier.partition(":repository/")
        name, _, digest = rest.partition("/sha256:")
        parts = head.split(":")
        if len(parts) > 4:
            registry = f"{parts[4]}.dkr.ecr.{parts[3]}.amazonaws.com"
            tag = f":{tags[0]}" if tags else ""
            return ImageLocation(
                image=f"{registry}/{name}{tag}", digest=f"sha256:{digest}" if digest else "", path=path.lstrip("/")
            )
    return ResourceLocation(resource=identifier, type=kind, region=region, account=account)


def kind_of(resource: str) -> Kind:
    """Return the kind of a package's flaw, by the sort of resource that it is in."""
    word = _plain(resource)
    if word in _IMAGES:
        return Kind.CONTAINER
    return Kind.DEPENDENCY if word in _FUNCTIONS else Kind.HOST


def fixed(version: str | None) -> tuple[str, ...]:
    """Return the fixed version, which Amazon writes with an epoch and as `NotAvailable` where there is none."""
    text = (version or "").strip()
    if not text or text.lower().replace(" ", "") in {"notavailable", "n/a", "none"}:
        return ()
    return (text.removeprefix("0:"),)
