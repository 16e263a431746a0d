"""Where a finding is: exactly one of five sorts of place."""

from __future__ import annotations

from msgspec import Struct


class CodeLocation(Struct, frozen=True, kw_only=True, tag_field="place", tag="code", omit_defaults=True):
    """A place in a file of a repository (source, manifest, lock file, IaC) or of an image."""

    path: str
    """Path with forward slashes, relative to the root of the repository where the tool allows it."""
    line: int | None = None
    """First line, counted from 1."""
    column: int | None = None
    """First column, counted from 1."""
    end_line: int | None = None
    end_column: int | None = None
    snippet_line: int | None = None
    """Number of the snippet's first line, where that is not `line`: some tools show lines around it."""
    snippet: str = ""
    """The lines of code as the tool shows them, at most 4,000 characters."""
    scope: str = ""
    """Innermost function or class (`Orders.search`), or the resource address (`aws_s3_bucket.invoices`)."""


class WebLocation(Struct, frozen=True, kw_only=True, tag_field="place", tag="web", omit_defaults=True):
    """A place that answers HTTP."""

    url: str
    method: str = ""
    """Upper case, empty where the tool does not say."""
    parameter: str = ""


class ResourceLocation(Struct, frozen=True, kw_only=True, tag_field="place", tag="resource", omit_defaults=True):
    """A cloud or cluster resource."""

    resource: str
    """ARN, resource id or `namespace/Kind/name`."""
    type: str = ""
    region: str = ""
    account: str = ""


class HostLocation(Struct, frozen=True, kw_only=True, tag_field="place", tag="host", omit_defaults=True):
    """A host or a service on it."""

    host: str
    port: int | None = None
    protocol: str = ""


class ImageLocation(Struct, frozen=True, kw_only=True, tag_field="place", tag="image", omit_defaults=True):
    """A place in a container image."""

    image: str
    """Reference as given (`registry/name:tag`)."""
    digest: str = ""
    """`sha256:…` of the manifest."""
    layer: str = ""
    """Digest or diff id of the layer."""
    path: str = ""
    """File in the image."""


Location = CodeLocation | WebLocation | ResourceLocation | HostLocation | ImageLocation
