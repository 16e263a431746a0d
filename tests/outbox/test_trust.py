"""What guarded calls trust is loaded once, and is what it was."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
import pytest

from seamark.intake.connectors.guard import Guarded, trust


def test_the_authorities_are_loaded_once_and_checked() -> None:
    assert trust() is trust()
    assert trust().verify_mode is ssl.CERT_REQUIRED
    assert trust().check_hostname
    assert trust().cert_store_stats()["x509_ca"] > 10
    with Guarded() as one, Guarded() as other:
        # Each has connections of its own; what they trust is one thing.
        assert one is not other


def test_another_bundle_is_another_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = trust()
    bundle = Path(certifi.where()).read_text("utf-8")
    first = bundle[bundle.index("-----BEGIN") : bundle.index("-----END CERTIFICATE-----") + 26]
    (tmp_path / "own.pem").write_text(first, "utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
        assert trust() is not usual
        assert trust().cert_store_stats()["x509_ca"] == 1
    assert trust() is usual
