"""Every channel is one, and its settings say what is secret."""

from __future__ import annotations

import base64
import json
import time

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.guard import Guarded
from seamark.response.actions.all import channels
from seamark.response.actions.contract import Role
from seamark.response.actions.installation import app_token

from .conftest import MADE, Connect
from .fakes.far import Failure

ROLES = {
    Role.TICKET: {"jira", "github", "gitlab", "azure_boards", "servicenow", "linear"},
    Role.MESSAGE: {"slack", "teams", "email", "pagerduty", "opsgenie", "apprise"},
}


def pem(key: object) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()  # type: ignore[attr-defined]


def test_the_channels_by_name() -> None:
    assert {role: {one.name for one in channels().values() if one.role is role} for role in Role} == ROLES
    assert all(name == one.name and one.title for name, one in channels().items())


@pytest.mark.parametrize("name", sorted(channels()))
def test_settings_are_decoded_and_secrets_are_among_them(name: str) -> None:
    channel = channels()[name]
    fields = {one.name: one for one in msgspec.structs.fields(channel.settings)}
    assert channel.secrets <= set(fields)
    assert {
        one for one in fields if one in {"token", "secret", "password", "key", "webhook", "routing_key"}
    } <= channel.secrets
    given = {one.name: "x" for one in fields.values() if one.required}
    made = msgspec.convert(given, channel.settings)
    assert msgspec.convert(msgspec.to_builtins(made), channel.settings) == made
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**given, **{name: [7] for name in given or fields}}, channel.settings)


@pytest.mark.parametrize("name", sorted(set(MADE)))
def test_the_guard_keeps_channels_out_of_the_network(connect: Connect, name: str) -> None:
    line = connect(name)
    caller = line.channel.caller(line.settings, Guarded())
    with caller, pytest.raises(RemoteFailure) as caught:
        caller.call("GET", "/")
    assert caught.value.permanent
    assert not line.far.asked


def test_an_app_uses_its_installations_token(connect: Connect) -> None:
    line = connect("github")
    key = rsa.generate_private_key(65537, 2048)
    line.settings = msgspec.structs.replace(
        line.settings, token="", app="Iv1.abc", app_slug="seamark", installation="42", key=pem(key)
    )
    line.open()
    line.open()
    asked = line.far.of("POST /app")
    assert len(asked) == 1
    header, claims, signature = asked[0].headers["authorization"].removeprefix("Bearer ").split(".")
    key.public_key().verify(
        base64.urlsafe_b64decode(signature + "=="), f"{header}.{claims}".encode(), padding.PKCS1v15(), SHA256()
    )
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert said["iss"] == "Iv1.abc"
    assert said["iat"] <= time.time() < said["exp"] <= said["iat"] + 660
    assert {one.headers["authorization"] for one in line.far.asked[1:]} == {"Bearer ghs_installation"}
    assert line.channel.own(line.settings, line.caller()) == "seamark[bot]"


def test_an_app_that_was_removed_is_told(connect: Connect) -> None:
    line = connect("github")
    key = pem(rsa.generate_private_key(65537, 2048))
    line.settings = msgspec.structs.replace(line.settings, token="", app="1", installation="42", key=key)
    line.far.failure = Failure(401, {}, {"message": "'Issuer' claim ('iss') must be an Integer"})
    with pytest.raises(RemoteFailure) as caught:
        line.open()
    assert caught.value.permanent
    line.far.failure = Failure(201, {}, {"no": "token"})
    with pytest.raises(RemoteFailure) as caught:
        line.open()
    assert caught.value.permanent
    line.settings = msgspec.structs.replace(line.settings, installation="42/../..")
    line.end()
    with pytest.raises(RemoteFailure):
        line.open()


def test_keys_that_are_none_are_refused() -> None:
    for key in ("", "x", pem(ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(RemoteFailure) as caught:
            app_token("1", key, 0)
        assert caught.value.permanent
