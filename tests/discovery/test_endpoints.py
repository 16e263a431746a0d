"""Endpoints of the code, and whether one must be signed in to call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.intake.discovery.extractors.endpoints import extract

from .trees import assets, edges, make, spoiled

FLASK = "from flask import Flask, abort\napp = Flask(__name__)\n"
FAST = "from fastapi import FastAPI, Depends\napp = FastAPI()\n"
EXPRESS = "const express = require('express');\nconst app = express();\nconst router = express.Router();\napp.use('/staff', router);\n"
SPRING = "import org.springframework.boot.X;\n@SpringBootApplication class App {}\n"
ASP = "using Microsoft.AspNetCore.Mvc; // Web\nvar app = WebApplication.CreateBuilder(args).Build();\n"

GUARDED = {
    "flask decorator": ("a.py", FLASK + "@app.route('/x')\n@login_required\ndef x():\n    return 1\n", True),
    "flask open": ("a.py", FLASK + "@app.route('/x')\ndef x():\n    return 1\n", None),
    "flask checks": ("a.py", FLASK + "@app.route('/x')\ndef x():\n    require_admin()\n    return 1\n", True),
    "flask refuses": ("a.py", FLASK + "@app.route('/x')\ndef x():\n    if not ok: abort(403)\n", True),
    "flask signs in": ("a.py", FLASK + "@app.route('/login', methods=['POST'])\ndef login():\n    abort(401)\n", None),
    "fastapi depends": ("a.py", FAST + "@app.get('/x')\ndef x(user=Depends(get_current_user)):\n    return 1\n", True),
    "fastapi database": ("a.py", FAST + "@app.get('/x')\ndef x(db=Depends(get_db)):\n    return 1\n", None),
    "express middleware": ("a.js", EXPRESS + "app.get('/x', requireAuth, (req, res) => res.send('x'));\n", True),
    "express passport": ("a.js", EXPRESS + "app.get('/x',\n  passport.authenticate('jwt'),\n  (req, res) => res.send('x'));\n", True),
    "express open": ("a.js", EXPRESS + "app.get('/x', (req, res) => res.send('author'));\n", None),
    "express router": ("a.js", EXPRESS + "router.use(authenticate);\nrouter.get('/x', (req, res) => res.send('x'));\n", True),
    "express inline": ("a.js", EXPRESS + "router.use((req, res, next) => {\n  if (!a) return res.status(403).end();\n  next();\n});\nrouter.get('/x', (req, res) => res.send('x'));\n", True),
    "spring method": ("A.java", SPRING + "@RestController\nclass C {\n  @PreAuthorize(\"hasRole('A')\")\n  @GetMapping(\"/x\")\n  String x() { return \"\"; }\n}\n", True),
    "spring class": ("A.java", SPRING + '@Secured("A")\n@RestController\nclass C {\n  @GetMapping("/x")\n  String x() { return ""; }\n}\n', True),
    "spring open": ("A.java", SPRING + '@RestController\nclass C {\n  @PermitAll\n  @GetMapping("/x")\n  String x() { return ""; }\n}\n', False),
    "spring silent": ("A.java", SPRING + '@RestController\nclass C {\n  @GetMapping("/x")\n  String x() { return ""; }\n}\n', None),
    "aspnet class": ("A.cs", ASP + '[Authorize]\n[Route("/x")]\npublic class C : Controller {\n  [HttpGet]\n  public string X() { return ""; }\n}\n', True),
    "aspnet open": ("A.cs", ASP + '[Authorize]\n[Route("/x")]\npublic class C : Controller {\n  [AllowAnonymous]\n  [HttpGet]\n  public string X() { return ""; }\n}\n', False),
}  # fmt: skip


@pytest.mark.parametrize("case", GUARDED)
def test_guards(case: str, tmp_path: Path) -> None:
    name, text, guarded = GUARDED[case]
    found = assets(extract(make(tmp_path, {f"s/{name}": text, "s/Dockerfile": "FROM x\n"})))
    assert len(found) == 1, list(found)
    facts = next(iter(found.values())).facts
    assert facts.get("authenticated") is guarded
    assert ("authenticated_why" in facts) == (guarded is not None)


def test_endpoints_belong_to_the_nearest_service(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "a/app.py": FLASK + "@app.route('/x/<int:id>', methods=['GET', 'POST'])\ndef x(id):\n    return 1\n", "a/requirements.txt": "",
        "b/server.js": EXPRESS + "router.get('/ping', (req, res) => res.send(req.query.host));\n", "b/package.json": "{}",
        "a/tests/test_x.py": FLASK + "@app.route('/no')\ndef no():\n    return 1\n",
    })  # fmt: skip
    facts = list(extract(tree))
    assert edges(facts) == [
        ("a", "serves", "a GET /x/{id}"), ("a", "serves", "a POST /x/{id}"), ("b", "serves", "b GET /staff/ping"),
    ]  # fmt: skip
    ping = assets(facts)["b GET /staff/ping"]
    assert ping.facts == {
        "method": "GET", "path": "/staff/ping", "framework": "express", "handler": "b/server.js:5", "function": "get /ping", "parameters": ["host"]
    }  # fmt: skip
    assert (ping.at, ping.name, ping.confidence) == ("b/server.js:5", "GET /staff/ping", 1.0)


def test_rails_filters_count_for_the_actions_they_name(tmp_path: Path) -> None:
    tree = make(tmp_path, {
        "Gemfile": "gem 'rails'\n", "config.ru": "run Rails.application\n",
        "config/routes.rb": "Rails.application.routes.draw do\n  get '/open', to: 'things#open'\n  get '/shut', to: 'things#shut'\nend\n",
        "app/controllers/things_controller.rb": "class ThingsController < ApplicationController\n  before_action :authenticate_user!, except: [:open]\n  def open\n  end\n  def shut\n  end\nend\n",
    })  # fmt: skip
    found = assets(extract(tree))
    assert {key.partition(" ")[2]: each.facts.get("authenticated") for key, each in found.items()} == {
        "GET /open": None,
        "GET /shut": True,
    }


def test_spoiled_code_ends_nothing(tmp_path: Path) -> None:
    whole = {f"s{place}/{name}": text for place, (name, text, _) in enumerate(GUARDED.values())}
    for way, files in spoiled(whole):
        assert all(each is not None for each in extract(make(tmp_path / way.replace(" ", "_"), files)))


PLAIN = {
    "sinatra": ("app.rb", "require 'sinatra'\nget '/a/:id' do\n  1\nend\n", {"GET /a/{id}"}),
    "slim": ("r.php", "<?php use Slim\\App;\n$app->group('/v1', function ($g) {\n    $g->get('/a', X::class);\n});\n$app->post('/b', X::class);\n", {"GET /v1/a", "POST /b"}),
    "phoenix": ("r.ex", 'use X, :router\n  scope "/api", X do\n    get "/a/:id", AController, :read\n    scope "/in" do\n      resources "/b", BController\n    end\n  end\n  live "/", Home\n',
                {"GET /api/a/{id}", "GET /api/in/b", "GET /api/in/b/{id}", "POST /api/in/b", "PUT /api/in/b/{id}", "DELETE /api/in/b/{id}", "GET /"}),
    "actix": ("src/main.rs", '#[post("/a/{id}")]\npub async fn a(x: X) -> Y {}\nfn main() { App::new().route("/b", web::get().to(b)) }\n', {"POST /a/{id}", "GET /b"}),
    "axum": ("src/main.rs", 'fn main() { Router::new().route("/a", get(read).post(write)) }\n', {"GET /a", "POST /a"}),
    "go with a base": ("main.go", 'package main\nimport "net/http"\nfunc main() {\n r.HandleFunc(base+"/a/{id}", s.read).Methods(http.MethodGet, http.MethodHead)\n}\n', {"GET /a/{id}", "HEAD /a/{id}"}),
    "next pages": ("pages/api/[id]/index.ts", "export default function handler(req, res) { switch (req.method) { case 'GET': return 1; } }\n", {"GET /api/{id}"}),
    "next app": ("src/app/(x)/a/[...rest]/route.ts", "export async function POST(r) { return 1; }\n", {"POST /a/{rest}"}),
    "fastapi called": ("a.py", FAST + "app.post('/a')(handle)\n", {"POST /a"}),
    "aspnet names": ("A.cs", "// Web\nWebApplication.CreateBuilder(a);\npublic class ThingController : Controller {\n  [HttpPost]\n  public async Task<IActionResult> Save(X x)\n  {\n  }\n  public IActionResult Index()\n  {\n  }\n}\n", {"POST /Thing/Save", "GET /Thing"}),
    "aspnet methods": ("A.cs", '// Web\nWebApplication.CreateBuilder(a);\napp.MapMethods("/a", [HttpMethods.Options], x);\napp.MapForwarder("/b/{id}", "http://x");\n', {"OPTIONS /a", "* /b/{id}"}),
}  # fmt: skip


@pytest.mark.parametrize("case", PLAIN)
def test_routes_that_stand_in_one_line(case: str, tmp_path: Path) -> None:
    name, text, wanted = PLAIN[case]
    found = assets(extract(make(tmp_path, {f"s/{name}": text, "s/Dockerfile": "FROM x\n", "s/package.json": "{}"})))
    assert {key.removeprefix("s ") for key in found} == wanted
    assert all(each.at.startswith(f"s/{name}:") for each in found.values())
