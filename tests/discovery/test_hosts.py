"""Hosts that services call, and where they take their secrets from."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.extractors.hosts import extract
from seamark.intake.discovery.extractors.secrets import extract as extract_secrets

from .trees import assets, edges, make, spoiled

PYTHON = "from flask import Flask\nFlask(__name__)\n"
CODE = {
    "a/app.py": PYTHON
    + '''
"""See https://docs.shop.example/guide for more."""
import stripe
import boto3
from slack_sdk import WebClient
# requests.get("https://commented.shop.example/x")
x = requests.get("https://rates.shop.example:8443/v1?q=1")
y = "https://github.com/acme/shop"
z = "https://localhost:1/x", "http://127.0.0.1/", "http://www.w3.org/2000/svg", "https://example.com/x"
smtplib.SMTP("mail.shop.example")
boto3.client("dynamodb")
name = f"https://{host}/x"
orders = os.environ.get("ORDERS", "http://orders:8000/x")
os.system("aws s3 cp x s3://shop-invoices/")
''',
    "a/config.yaml": "payments:\n  base_url: https://payments.shop.example/v2 # https://no.shop.example\nbucket: shop-archive\n",
    "a/.env": "WEBHOOK=https://hooks.shop.example/a\n",
    "a/tests/test_x.py": "requests.get('https://tests.shop.example')\n",
    "a/README.md": "https://readme.shop.example\n",
    "a/package.json": '{"homepage": "https://home.shop.example", "scripts": {"start": "node x"}}',
    "lib/x.py": "requests.get('https://library.shop.example')\n",
    "a/requirements.txt": "",
    "lib/setup.py": "",
}


def test_addresses_libraries_and_buckets(tmp_path: Path) -> None:
    facts = list(extract(make(tmp_path, CODE)))
    assert edges(facts) == [
        ("a", "calls", "api.stripe.com"), ("a", "calls", "dynamodb.amazonaws.com"), ("a", "calls", "hooks.shop.example"), ("a", "calls", "mail.shop.example"),
        ("a", "calls", "orders"), ("a", "calls", "payments.shop.example"), ("a", "calls", "rates.shop.example"), ("a", "calls", "slack.com"),
        ("a", "reads", "arn:aws:s3:::shop-archive"), ("a", "writes", "arn:aws:s3:::shop-invoices"),
    ]  # fmt: skip
    domains = assets(facts, AssetKind.DOMAIN)
    assert (domains["rates.shop.example"].at, domains["rates.shop.example"].confidence) == ("a/app.py:9", 0.8)
    assert domains["api.stripe.com"].facts == {"third_party": True, "purpose": "payments"}
    assert "orders" not in domains


IMPORTS = {
    "x.py": PYTHON + "from twilio.rest import Client\n",
    "x.js": "const express = require('express');\nexpress();\nconst t = require('twilio');\n",
    "x.ts": "import express from 'express';\nexpress();\nimport twilio from 'twilio';\n",
    "X.java": "import org.springframework.boot.X;\nimport com.twilio.rest.api.v2010.Message;\n@SpringBootApplication class X {}\n",
    "main.go": 'package main\nimport (\n  "github.com/twilio/twilio-go"\n)\nfunc main() {}\n',
    "app.rb": "require 'sinatra'\nrequire 'twilio'\n",
    "X.cs": "using Twilio;\n// Web\nWebApplication.CreateBuilder(a);\n",
}


@pytest.mark.parametrize("name", IMPORTS)
def test_libraries_of_third_parties(name: str, tmp_path: Path) -> None:
    facts = list(extract(make(tmp_path, {f"a/{name}": IMPORTS[name], "a/Dockerfile": "FROM x\n"})))
    assert edges(facts) == [("a", "calls", "api.twilio.com")]


STORES = {
    "vault": ("x.py", PYTHON + "import hvac\n"),
    "aws-secrets-manager": (
        "x.py",
        PYTHON + "c = boto3.client('secretsmanager')\nc.get_secret_value(SecretId='prod/db')\n",
    ),
    "aws-ssm": (
        "x.js",
        "require('express')();\nconst e = express();\nconst { SSM } = require('@aws-sdk/client-ssm');\n",
    ),
    "gcp-secret-manager": ("x.py", PYTHON + "from google.cloud import secretmanager\n"),
    "azure-key-vault": ("x.cs", "// Web\nWebApplication.CreateBuilder(a);\nb.Configuration.AddAzureKeyVault(x);\n"),
    "dotenv": ("x.py", PYTHON + "from dotenv import load_dotenv\nload_dotenv()\n"),
}


@pytest.mark.parametrize("kind", STORES)
def test_secret_stores_of_code(kind: str, tmp_path: Path) -> None:
    name, text = STORES[kind]
    facts = list(extract_secrets(make(tmp_path, {f"a/{name}": text, "a/Dockerfile": "FROM x\n"})))
    assert edges(facts) == [("a", "reads", f"a#{kind}")]
    (store,) = assets(facts).values()
    assert store.facts["kind"] == kind
    assert store.facts.get("secrets", []) == (["prod/db"] if kind == "aws-secrets-manager" else [])


def test_secret_stores_of_files(tmp_path: Path) -> None:
    facts = list(extract_secrets(make(tmp_path, {
        "a/app.py": PYTHON, "a/requirements.txt": "", "a/.env": "API_KEY=x\nPORT=1\nexport DB_PASSWORD=y\n", ".env": "PORT=1\n", ".env.example": "API_KEY=x\n",
        "k/secret.yaml": "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n", "k/values.enc.yaml": "a: ENC[AES256_GCM,data:x]\nsops:\n  kms: []\n",
        ".sops.yaml": "creation_rules: []\n", "k/other.yaml": "about: sops and SealedSecret\n",
    })))  # fmt: skip
    assert {key: each.facts for key, each in assets(facts).items()} == {
        "a/.env": {"kind": "dotenv", "encrypted": False, "secrets": ["API_KEY", "DB_PASSWORD"]}, "k/secret.yaml": {"kind": "sealed-secrets", "encrypted": True},
        "k/values.enc.yaml": {"kind": "sops", "encrypted": True}, ".sops.yaml": {"kind": "sops", "encrypted": True},
    }  # fmt: skip
    assert edges(facts) == [("a", "reads", "a/.env")]


def test_spoiled_files_end_nothing(tmp_path: Path) -> None:
    whole = (
        CODE
        | {f"s{place}/{name}": text for place, (name, text) in enumerate(STORES.values())}
        | {f"i/{name}": text for name, text in IMPORTS.items()}
    )
    for way, files in spoiled(whole):
        tree = make(tmp_path / way.replace(" ", "_"), files)
        assert all(each is not None for each in [*extract(tree), *extract_secrets(tree)])


@pytest.mark.parametrize("text", ["\n", " \n", "import a ", '" ', "/*", "a.b.", "use('/x', "])
def test_long_runs_are_no_imports(text: str, tmp_path: Path) -> None:
    """Each of these once made a pattern begin anew at every line, which does not end in a file of this size."""
    many = make(tmp_path, {"a/x.py": PYTHON + text * (200_000 // len(text)), "a/Dockerfile": "FROM x\n"})
    assert edges([*extract(many), *extract_secrets(many)]) == []
