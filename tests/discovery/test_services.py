"""What runs: services by their entry points and frameworks."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.code.services import services
from seamark.intake.discovery.extractors.services import extract

from .trees import assets, make, spoiled

ONE = {
    "flask": ({"app.py": "from flask import Flask\napp = Flask(__name__)\n"}, "web", "python"),
    "fastapi": ({"main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}, "web", "python"),
    "django": ({"manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'x')\n"}, "web", "python"),
    "starlette": ({"main.py": "from starlette.applications import Starlette\napp = Starlette()\n"}, "web", "python"),
    "aiohttp": ({"main.py": "from aiohttp import web\napp = web.Application()\n"}, "web", "python"),
    "tornado": ({"main.py": "import tornado.web\napp = tornado.web.Application()\n"}, "web", "python"),
    "celery": ({"worker.py": "from celery import Celery\napp = Celery('x')\n"}, "worker", "python"),
    "click": ({"cli.py": "import click\n\n@click.command()\ndef go(): pass\n\nif __name__ == '__main__':\n    go()\n"}, "cli", "python"),
    "express": ({"server.js": "const express = require('express');\nconst app = express();\n"}, "web", "javascript"),
    "koa": ({"server.js": "const Koa = require('koa');\nconst app = new Koa();\n"}, "web", "javascript"),
    "fastify": ({"server.ts": "import Fastify from 'fastify';\nconst app = Fastify();\n"}, "web", "typescript"),
    "nest": ({"src/main.ts": "import { NestFactory } from '@nestjs/core';\nNestFactory.create(AppModule);\n"}, "web", "typescript"),
    "next": ({"package.json": '{"dependencies": {"next": "15", "react-dom": "19"}, "scripts": {"dev": "next dev"}}'}, "web", ""),
    "angular": ({"package.json": '{"dependencies": {"@angular/core": "19"}, "scripts": {"start": "ng serve"}}'}, "frontend", ""),
    "vue": ({"package.json": '{"dependencies": {"vue": "3"}, "scripts": {"build": "vite build"}}'}, "frontend", ""),
    "spring-boot": ({"src/App.java": "import org.springframework.boot.X;\n@SpringBootApplication\nclass App {}\n"}, "web", "java"),
    "quarkus": ({"App.java": "import io.quarkus.runtime.Quarkus;\nclass A { static void x() { Quarkus.run(); } }\n"}, "web", "java"),
    "ktor": ({"App.kt": "import io.ktor.server.engine.*\nfun x() { embeddedServer(Netty) {} }\n"}, "web", "kotlin"),
    "gin": ({"main.go": 'package main\nimport "github.com/gin-gonic/gin"\nfunc main() { gin.Default() }\n'}, "web", "go"),
    "net/http": ({"main.go": 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe(":1", nil) }\n'}, "web", "go"),
    "grpc": ({"main.go": 'package main\nimport "google.golang.org/grpc"\nfunc main() { grpc.NewServer() }\n'}, "web", "go"),
    "rails": ({"config.ru": "require_relative 'config/environment'\nrun Rails.application\n", "a.rb": "x = 1\n"}, "web", "ruby"),
    "sinatra": ({"app.rb": "require 'sinatra'\nget('/') { 'x' }\n"}, "web", "ruby"),
    "laravel": ({"artisan": "#!/usr/bin/env php\n// Laravel\n", "a.php": "<?php\n"}, "web", "php"),
    "aspnet": ({"Program.cs": "using Microsoft.AspNetCore.Builder; // Web\nvar b = WebApplication.CreateBuilder(args);\n"}, "web", "csharp"),
    "actix": ({"src/main.rs": "use actix_web::*;\nfn x() { HttpServer::new(|| 1) }\n"}, "web", "rust"),
    "phoenix": ({"lib/x.ex": "defmodule X do\n  use Phoenix.Endpoint, otp_app: :x\nend\n"}, "web", "elixir"),
    "serverless": ({"serverless.yml": "service: x\nfunctions:\n  hello:\n    handler: a.b\n", "a.js": "x\n"}, "function", "javascript"),
}  # fmt: skip


@pytest.mark.parametrize("framework", ONE)
def test_frameworks(framework: str, tmp_path: Path) -> None:
    files, kind, language = ONE[framework]
    found = assets(
        extract(make(tmp_path, {f"part/{name}": text for name, text in {"Dockerfile": "FROM x\n", **files}.items()}))
    )
    assert set(found) == {"part"}
    facts = found["part"].facts
    assert framework in facts["frameworks"]
    assert (facts["kind"], facts.get("language", ""), facts["path"]) == (kind, language, "part")
    assert found["part"].confidence == 1.0 or kind in {"cli", "worker"}
    assert any(name in found["part"].at for name in files)


def test_libraries_tests_and_examples_are_no_services(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "lib/pyproject.toml": "[project]\nname='x'\n", "lib/x.py": "from flask import request\n",
        "tests/app.py": "from flask import Flask\nFlask(__name__)\n", "examples/e/app.py": "from flask import Flask\nFlask(__name__)\n",
        "ui/package.json": '{"peerDependencies": {"react-dom": "1"}, "devDependencies": {"react-dom": "1"}, "scripts": {"build": "x"}}',
        "kit/Kit.csproj": "<Project Sdk='Microsoft.NET.Sdk'></Project>", "kit/Routes.cs": 'app.MapGet("/x", () => 1);',
        "notes.py": "text = 'from flask import Flask; Flask(__name__)'\n",
    })  # fmt: skip
    assert assets(extract(tree)) == {}


def test_sources_belong_to_the_nearest_manifest(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "requirements.txt": "", "a/requirements.txt": "", "a/pkg/app.py": "from flask import Flask\nFlask(__name__)\n", "b/go.mod": "module b\n",
        "b/cmd/one/main.go": "package main\nfunc main() {}\n", "b/cmd/two/main.go": 'package main\nimport "net/http"\nfunc main() { http.ListenAndServe("", nil) }\n',
        "b/inner/x.go": "package inner\n",
    })  # fmt: skip
    known = tree.once(services)
    assert list(known.by_folder) == ["a", "b/cmd/one", "b/cmd/two"]
    assert (known.by_folder["b/cmd/one"].kind, known.by_folder["b/cmd/two"].kind) == ("", "web")
    assert known.of("a/pkg/deep/x.py") is known.by_folder["a"]
    assert known.of("b/inner/x.go") is None


def test_images_inside_of_a_service_are_its_tools(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "shop/Dockerfile": "FROM x\n", "shop/main.go": "package main\nfunc main() {}\n", "shop/gen/Dockerfile": "FROM y\n", "shop/gen/x.go": "package gen\n",
        "other/Dockerfile": "FROM z\n", "other/run.sh": "echo\n", "empty/Dockerfile": "FROM z\n",
    })  # fmt: skip
    found = assets(extract(tree))
    assert set(found) == {"shop", "other"}
    assert (found["other"].confidence, found["other"].facts["why"]) == (0.8, "a container image is built here")


def test_versions_and_functions(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "a/package.json": '{"version": "2.6.0", "scripts": {"start": "node server.js"}}', "a/server.js": "x\n",
        "b/pom.xml": "<project><parent><version>9</version></parent><version>1.4</version><dependencies><version>7</version></dependencies></project>",
        "b/A.java": "import org.springframework.boot.X;\n@SpringBootApplication class A {}\n",
        "c/pyproject.toml": "[project]\nversion = '3.1'\n", "c/app.py": "from fastapi import FastAPI\nx = FastAPI()\n",
        "d/serverless.yml": "functions:\n  hello:\n    handler: a.b\n",
    })  # fmt: skip
    found = assets(extract(tree), AssetKind.SERVICE)
    assert {name: each.facts.get("version") for name, each in found.items()} == {
        "a": "2.6.0",
        "b": "1.4",
        "c": "3.1",
        "d": None,
    }
    assert found["d"].facts["functions"] == [{"name": "hello", "handler": "a.b"}]


def test_languages_are_counted_by_bytes_without_other_services(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "app.py": "from flask import Flask\nFlask(__name__)\n", "x.js": "1\n", "web/package.json": '{"scripts": {"start": "node x"}}', "web/big.ts": "x" * 5000,
    })  # fmt: skip
    found = assets(extract(tree))
    assert found["."].facts["languages"] == {"python": 40, "javascript": 2}
    assert found["."].facts["language"] == "python"
    assert found["web"].facts["languages"] == {"typescript": 5000}
    assert (found["."].name, found["web"].name) == ("shop", "web")


def test_spoiled_files_end_nothing(tmp_path: Path) -> None:
    whole = {f"s/{name}": text for files, _, _ in ONE.values() for name, text in files.items()}
    whole |= {"s/pom.xml": "<project><version>1</version></project>", "s/pyproject.toml": "[project]\nversion='1'\n"}
    for way, files in spoiled(whole):
        folder = tmp_path / way.replace(" ", "_")
        assert all(each.ref.kind is AssetKind.SERVICE for each in extract(make(folder, files)))
