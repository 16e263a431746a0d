"""HTTPS for the embedded server: waitress speaks no TLS, so its channels get sockets that do."""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from waitress.channel import HTTPChannel

from seamark.core.errors import SeamarkError

_PIECE: Final = 64 * 1024
_MOST: Final = 256 * 1024
"""Bytes that are read of one connection before the others have their turn."""
_WAITS: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
_LOGGER: Final = logging.getLogger("seamark.tls")


class Certificate:
    """A certificate with its key, read anew when the files change: those who renew them start nothing anew."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read both. Raises `SeamarkError` where they cannot be used."""
        self._files = (certificate, key)
        self._lock = threading.Lock()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.set_alpn_protocols(["http/1.1"])
        try:
            self._stand = self._state()
            self._context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise SeamarkError(f"The certificate {certificate} with the key {key} cannot be used: {error}") from None

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in (path.stat() for path in self._files))

    def context(self) -> ssl.SSLContext:
        """Return what new connections are made with. Where new files cannot be used, the old certificate stays."""
        with self._lock, contextlib.suppress(OSError):
            stand = self._state()
            if stand != self._stand:
                self._stand = stand
                try:
                    self._context.load_cert_chain(*self._files)
                except (OSError, ssl.SSLError) as error:
                    _LOGGER.warning("The new certificate cannot be used, the old one stays: %s", error)
        return self._context


def serve_tls(servers: Iterable[Any], certificate: Certificate) -> None:
    """Let waitress' servers speak TLS."""

    class Channel(TlsChannel):
        tls = certificate

    for server in servers:
        server.channel_class = Channel


class TlsChannel(HTTPChannel):  # type: ignore[misc] # waitress has no types
    """A connection of waitress over TLS. The handshake is part of the first reads, so that nobody waits for a slow client."""

    tls: Certificate

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        self._tls_lock = threading.RLock()
        """The main thread reads while a worker writes, and a TLS connection takes one at a time."""
        secured = self.tls.context().wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        super().__init__(server, secured, addr, adj, map)

    def handle_read(self) -> None:
        """Read what has come. All of it: what lies decrypted in memory wakes nobody up."""
        data, ended = bytearray(), False
        try:
            with self._tls_lock:
                while len(data) < _MOST or self.socket.pending():
                    piece = self.socket.recv(_PIECE)
                    if not piece:
                        ended = True
                        break
                    data += piece
        except _WAITS:
            pass
        except (OSError, ValueError):
            ended = True
        if data:
            self.last_activity = time.time()
            self.received(bytes(data))
        elif ended:
            self.handle_close()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what goes, and return how much that was."""
        try:
            with self._tls_lock:
                return int(self.socket.send(data))
        except _WAITS:
            return 0
        except (OSError, ValueError):
            if do_close:
                self.handle_close()
            return 0

    def handle_close(self) -> None:
        """Say that nothing follows, and close."""
        with contextlib.suppress(OSError, ValueError), self._tls_lock:
            self.socket.unwrap()
        super().handle_close()
