"""How a Kubernetes API is reached: its address, whom it is trusted by, and as whom we come."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import Final

import httpx2
from msgspec import Struct

from seamark.core.errors import RemoteFailure

ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where a pod finds the credentials of its service account."""
LARGEST: Final = 1024**2
"""Bytes of a token, a certificate or a kubeconfig."""


class Access(Struct, frozen=True, kw_only=True):
    """The way to one API. Certificates are always checked: against `authority`, else against what the system trusts."""

    server: str
    authority: str = ""
    """PEM."""
    token: str = ""
    token_file: str = ""
    """Read anew for each request: tokens of service accounts are replaced while they are used."""
    certificate: str = ""
    """PEM, of the client, with `key`."""
    key: str = ""
    server_name: str = ""
    """What the server's certificate is made out to, where that is not the address."""
    proxy: str = ""
    origin: str = ""
    """Where all this comes from, for people."""

    def checked(self) -> Access:
        """Return it. Raises `RemoteFailure` for what is no address of an API, or no credentials."""
        try:
            url = httpx2.URL(self.server)
        except httpx2.InvalidURL as error:
            raise RemoteFailure(f"{self.server!r} is no address ({error})", permanent=True) from None
        if url.scheme != "https" or not url.host or url.userinfo or url.query:
            raise RemoteFailure(
                "The address of a cluster's API starts with https:// and holds no password", permanent=True
            )
        if not (self.token or self.token_file or self.certificate):
            raise RemoteFailure(
                "Nothing says as whom the cluster is asked: a token, a token file or a certificate", permanent=True
            )
        return self

    def bearer(self) -> str:
        """Return the token as it is now, empty where there is none. Raises `RemoteFailure`."""
        token = (read_text(Path(self.token_file), "token file") if self.token_file else self.token).strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise RemoteFailure("The token has characters that no token has", permanent=True)
        return token

    def context(self) -> ssl.SSLContext:
        """Return what connections are secured with. Raises `RemoteFailure`."""
        try:
            found = ssl.create_default_context(cadata=self.authority or None)
            if self.certificate:
                # The library takes a client's certificate from files only.
                with tempfile.TemporaryDirectory(prefix="seamark-") as folder:
                    path = Path(folder, "client.pem")
                    path.touch(mode=0o600)
                    path.write_text(f"{self.certificate.strip()}\n{self.key.strip()}\n", "ascii")
                    found.load_cert_chain(path)
        except (ssl.SSLError, ValueError, OSError) as error:
            raise RemoteFailure(f"A certificate or its key cannot be used: {error}", permanent=True) from None
        return found


def of_options(server: str, token_file: str, authority: str) -> Access:
    """Return the access that options name: an address, the file of a token, and that of an authority or nothing. Raises `RemoteFailure`."""
    pem = read_text(Path(authority), "authority") if authority else ""
    return Access(server=server.rstrip("/"), token_file=token_file, authority=pem, origin="options").checked()


def in_cluster() -> Access | None:
    """Return the access of the pod that this runs in, None outside of clusters. Raises `RemoteFailure`."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    token, authority = ACCOUNT / "token", ACCOUNT / "ca.crt"
    if not host or not token.is_file():
        return None
    address = f"[{host}]" if ":" in host else host
    return Access(
        server=f"https://{address}:{port}", token_file=str(token), authority=read_text(authority, "authority"), origin="service account"
    ).checked()  # fmt: skip


def read_text(path: Path, what: str) -> str:
    """Return a small file. Raises `RemoteFailure`."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise RemoteFailure(f"The {what} {path} is larger than 1 MB", permanent=True)
        return data.decode("utf-8")
    except (OSError, ValueError) as error:
        raise RemoteFailure(
            f"The {what} {path} cannot be read: {getattr(error, 'strerror', None) or error}", permanent=True
        ) from None
