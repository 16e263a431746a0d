from __future__ import annotations

import textwrap
import time
from pathlib import Path

import pytest

from seamark.core.checkout import Route
from seamark.intake.discovery import walk
from seamark.intake.discovery.openapi import read_openapi
from seamark.intake.discovery.routes import routes_in, template

HARBOUR = Path(__file__).resolve().parents[2] / "examples" / "harbour"


def write(root: Path, files: dict[str, str]) -> list[Route]:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content).lstrip("\n"), "utf-8")
    return routes_in(root)


def brief(routes: list[Route]) -> list[tuple[str, str, str, str]]:
    return [(each.method, each.path, each.file, each.scope) for each in routes]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("/orders/<int:order_id>/", "/orders/{order_id}"),
        ("/files/<path:name>", "/files/{name}"),
        ("/x/<regex('[a-z]{2}'):code>", "/x/{code}"),
        ("/orders/:id", "/orders/{id}"),
        ("/orders/:id(\\d+)?", "/orders/{id}"),
        ("/flights/:from-:to", "/flights/{from}-{to}"),
        ("/orders/{id:[0-9]{3}}", "/orders/{id}"),
        ("/orders/{id:int?}", "/orders/{id}"),
        ("/orders/{int:order_id}", "/orders/{order_id}"),
        ("/files/{path:path}", "/files/{path}"),
        ("/files/{*rest}", "/files/{rest}"),
        ("/files/{path...}", "/files/{path}"),
        ("/files/*name", "/files/{name}"),
        ("/assets/*", "/assets/{path}"),
        ("orders(.:format)", "/orders"),
        ("/{$}", "/"),
        ("", "/"),
        ("//a//b/", "/a/b"),
    ],
)
def test_templates_are_written_in_one_way(written: str, wanted: str) -> None:
    assert template(written) == wanted


def test_flask_blueprints_hang_where_they_are_registered(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "shop/__init__.py": """
                from flask import Flask
                from . import orders
                from .staff import bp as staff

                app = Flask(__name__)
                app.register_blueprint(orders.routes)
                app.register_blueprint(staff, url_prefix="/back")
                app.add_url_rule("/health", "health", orders.health)
            """,
            "shop/orders.py": """
                from flask import Blueprint, request
                routes = Blueprint("orders", __name__, url_prefix="/api")

                @routes.route("/orders/<int:order_id>", methods=["GET", "DELETE"])
                def one(order_id):
                    return request.args.get("fields") or request.form["why"]

                def health():
                    return "ok"
            """,
            "shop/staff.py": """
                from flask import Blueprint
                bp = Blueprint("staff", __name__, url_prefix="/staff")

                @bp.post("/rules")
                @needs_admin
                def rules():
                    pass
            """,
        },
    )
    assert brief(routes) == [
        ("DELETE", "/api/orders/{order_id}", "shop/orders.py", "one"),
        ("GET", "/api/orders/{order_id}", "shop/orders.py", "one"),
        ("POST", "/back/rules", "shop/staff.py", "rules"),
        ("GET", "/health", "shop/orders.py", "health"),
    ]
    assert routes[0].parameters == ("order_id", "fields", "why")
    assert (routes[2].line, routes[2].end_line) == (4, 7)
    assert {each.origin for each in routes} == {"flask"}


def test_quart_and_fastapi(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "main.py": """
                from fastapi import FastAPI
                from api.v1 import items
                app = FastAPI()
                app.include_router(items.router, prefix="/v1")

                @app.get("/")
                async def root(): ...

                @app.api_route("/both", methods=["PUT", "POST"])
                async def both(): ...
            """,
            "api/v1/items.py": """
                from fastapi import APIRouter
                router = APIRouter(prefix="/items")

                class Service:
                    pass

                @router.get("/{item_id:path}")
                async def item(item_id: str): ...
            """,
            "side/app.py": """
                from quart import Quart
                app = Quart(__name__)

                @app.route("/quart")
                async def hello(): ...
            """,
        },
    )
    assert [(each.method, each.path, each.scope, each.origin) for each in routes] == [
        ("GET", "/", "root", "fastapi"),
        ("POST", "/both", "both", "fastapi"),
        ("PUT", "/both", "both", "fastapi"),
        ("GET", "/quart", "hello", "quart"),
        ("GET", "/v1/items/{item_id}", "item", "fastapi"),
    ]


def test_django_ninja(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "site/urls.py": """
                from django.urls import path
                from shop.api import api
                urlpatterns = [path("api/", api.urls)]
            """,
            "shop/api.py": """
                from ninja import NinjaAPI
                from shop.carts import router
                api = NinjaAPI()
                api.add_router("/orders", "shop.orders.router")
                api.add_router("/carts", router)
            """,
            "shop/orders.py": """
                from ninja import Router
                router = Router()

                @router.get("/{int:order_id}")
                def read(request, order_id: int): ...
            """,
            "shop/carts.py": """
                from ninja import Router
                router = Router()

                @router.put("")
                def put(request): ...
            """,
        },
    )
    assert [(each.method, each.path, each.scope, each.origin) for each in routes] == [
        ("", "/api", "", "django"),
        ("PUT", "/api/carts", "put", "ninja"),
        ("GET", "/api/orders/{order_id}", "read", "ninja"),
    ]


def test_starlette_and_aiohttp(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "star.py": """
                from starlette.applications import Starlette
                from starlette.routing import Mount, Route

                async def user(request): ...

                app = Starlette(routes=[Mount("/users", routes=[Route("/{name}", user, methods=["GET"])])])
            """,
            "aio.py": """
                from aiohttp import web
                table = web.RouteTableDef()

                @table.post("/hooks")
                async def hook(request): ...

                async def ping(request): ...

                app = web.Application()
                app.router.add_get("/ping", ping)
                app.router.add_route("DELETE", "/ping", ping)
                app.add_routes([web.put("/pong", ping)])
            """,
        },
    )
    assert brief(routes) == [
        ("POST", "/hooks", "aio.py", "hook"),
        ("DELETE", "/ping", "aio.py", "ping"),
        ("GET", "/ping", "aio.py", "ping"),
        ("PUT", "/pong", "aio.py", "ping"),
        ("GET", "/users/{name}", "star.py", "user"),
    ]


def test_what_only_looks_like_a_route_is_none(tmp_path: Path) -> None:
    assert not write(
        tmp_path,
        {
            "client.py": """
                import requests
                @cache.get("key")
                def a(): ...
                requests.get("/orders")
                @mock.patch("shop.route")
                def b(): ...
            """,
            "client.js": """
                const axios = require('axios');  // router
                axios.get('/orders', { params: {} });
                cache.get('/x', () => 1);
                app.get('env');
            """,
        },
    )


def test_django_includes(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "site/urls.py": """
                from django.urls import include, path
                urlpatterns = [
                    path("api/", include("shop.urls")),
                    path("inner/", include([path("deep/", views.deep)])),
                ]
            """,
            "shop/urls.py": r"""
                from django.urls import path, re_path
                from . import views
                from .views import OrderView
                urlpatterns = [
                    path("orders/<int:pk>/", OrderView.as_view(), name="order"),
                    re_path(r"^years/(?P<year>[0-9]{4})/$", views.year),
                ]
            """,
            "shop/views.py": """
                class OrderView:
                    def get(self, request, pk):
                        return request.GET["full"]

                def year(request, year): ...
            """,
        },
    )
    assert brief(routes) == [
        ("", "/api/orders/{pk}", "shop/views.py", "OrderView"),
        ("", "/api/years/{year}", "shop/views.py", "year"),
        ("", "/inner/deep", "site/urls.py", ""),
    ]
    assert routes[0].parameters == ("pk", "full")


def test_express_koa_and_fastify(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "server.js": """
                const express = require('express');
                const orders = require('./routes/orders');
                const app = express();
                app.use('/api', guard, orders);
                app.use('/staff', require('./routes/staff')());
                app.route('/both').get(list).post(wrap(async (req, res) => { res.send(req.body.name); }));
                function list(req, res) { res.send(req.query.page); }
            """,
            "routes/orders.js": """
                const { Router } = require('express');
                const controller = require('../controllers/orders');
                const router = Router();
                router.get('/orders/:id', controller.read);
                module.exports = router;
            """,
            "controllers/orders.js": """
                exports.read = async (req, res) => {
                  res.json(req.params.id);
                };
            """,
            "routes/staff.js": """
                module.exports = function () {
                  const router = require('express').Router();
                  router.delete('/rules', (req, res) => res.end());
                  return router;
                };
            """,
            "koa.js": """
                import Router from '@koa/router';
                const router = new Router({ prefix: '/koa' });
                router.patch('/x', async (ctx) => { ctx.body = ctx.query.q; });
            """,
            "fast.ts": """
                import Fastify from 'fastify';
                import plugin from './plugin.js';
                const server = Fastify();
                server.register(plugin, { prefix: '/v1' });
                server.route({ method: ['GET', 'HEAD'], url: '/ping', handler: async () => 'pong' });
            """,
            "plugin.ts": """
                export default async function plugin(fastify: FastifyInstance) {
                  fastify.get('/things/:thing', { schema }, async (request) => request.query.deep);
                }
            """,
        },
    )
    assert brief(routes) == [
        ("GET", "/api/orders/{id}", "controllers/orders.js", "read"),
        ("GET", "/both", "server.js", "list"),
        ("POST", "/both", "server.js", ""),
        ("PATCH", "/koa/x", "koa.js", "patch /x"),
        ("GET", "/ping", "fast.ts", "handler"),
        ("HEAD", "/ping", "fast.ts", "handler"),
        ("DELETE", "/staff/rules", "routes/staff.js", "delete /rules"),
        ("GET", "/v1/things/{thing}", "plugin.ts", "plugin.get /things/:thing"),
    ]
    assert [each.parameters for each in routes if each.path == "/both"] == [("page",), ("name",)]
    assert routes[7].parameters == ("thing", "deep")


def test_nest(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "orders.controller.ts": """
                @Controller('orders')
                export class OrdersController {
                  @Get(':id')
                  @UseGuards(Guard)
                  one(@Param('id') id: string) {}

                  @Post()
                  create() {}

                  helper() {}
                }
                """
        },
    )
    assert brief(routes) == [
        ("POST", "/orders", "orders.controller.ts", "OrdersController.create"),
        ("GET", "/orders/{id}", "orders.controller.ts", "OrdersController.one"),
    ]


def test_spring_and_jax_rs(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "Orders.java": """
                @RestController
                @RequestMapping("/orders")
                public class Orders {
                  @GetMapping({"/{id}", "/by-id/{id}"})
                  public Order one(@PathVariable("id") long id, @RequestParam(name = "full") boolean full) { return null; }

                  @RequestMapping(value = "/search", method = {RequestMethod.GET, RequestMethod.POST})
                  public List<Order> search() { return null; }
                }
            """,
            "Hello.java": """
                @Path("hello")
                public class Hello {
                  @GET @Path("{name}")
                  public String greet(@PathParam("name") String name) { return name; }
                }
            """,
            "Client.java": """
                @FeignClient("orders")
                interface Client { @GetMapping("/remote") String remote(); }
            """,
        },
    )
    assert brief(routes) == [
        ("GET", "/hello/{name}", "Hello.java", "Hello.greet"),
        ("GET", "/orders/by-id/{id}", "Orders.java", "Orders.one"),
        ("GET", "/orders/search", "Orders.java", "Orders.search"),
        ("POST", "/orders/search", "Orders.java", "Orders.search"),
        ("GET", "/orders/{id}", "Orders.java", "Orders.one"),
    ]
    assert routes[4].parameters == ("id", "full")


def test_go(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "plain/main.go": """
                package main
                import "net/http"
                func main() {
                    mux := http.NewServeMux()
                    mux.HandleFunc("GET /orders/{id}", read)
                    http.Handle("/all", http.HandlerFunc(read))
                    mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) { r.FormValue("q") })
                    client.Get("/no", x)
                }
            """,
            "plain/read.go": """
                package main
                func read(w http.ResponseWriter, r *http.Request) { r.PathValue("id") }
            """,
            "gin/main.go": """
                package main
                import (
                    "github.com/gin-gonic/gin"
                    "example.com/shop/handlers"
                )
                func main() {
                    r := gin.Default()
                    v1 := r.Group("/v1")
                    v1.GET("/orders/:id", auth(), handlers.Read)
                }
            """,
            "handlers/read.go": """
                package handlers
                func Read(c *gin.Context) { c.Query("full") }
            """,
            "chi/main.go": """
                package main
                import "github.com/go-chi/chi/v5"
                func routes(r chi.Router) {
                    r.Route("/admin", func(r chi.Router) {
                        r.Post("/{id:[0-9]+}", func(w http.ResponseWriter, r *http.Request) {})
                    })
                }
            """,
            "echo/main.go": """
                package main
                import "github.com/labstack/echo/v4"
                func main() { e := echo.New(); e.PUT("/echo/*", put, logged) }
                func put(c echo.Context) error { return nil }
            """,
            "mux/main.go": """
                package main
                import "github.com/gorilla/mux"
                func main() { r := mux.NewRouter(); r.HandleFunc("/g/{x}", g).Methods("GET", http.MethodPost) }
                func g() {}
            """,
        },
    )
    assert [(each.method, each.path, each.file, each.scope, each.origin) for each in routes] == [
        ("POST", "/admin/{id}", "chi/main.go", "routes", "chi"),
        ("", "/all", "plain/read.go", "read", "net/http"),
        ("PUT", "/echo/{path}", "echo/main.go", "put", "echo"),
        ("GET", "/g/{x}", "mux/main.go", "g", "gorilla"),
        ("POST", "/g/{x}", "mux/main.go", "g", "gorilla"),
        ("", "/in", "plain/main.go", "main", "net/http"),
        ("GET", "/orders/{id}", "plain/read.go", "read", "net/http"),
        ("GET", "/v1/orders/{id}", "handlers/read.go", "Read", "gin"),
    ]
    assert [each.parameters for each in routes if each.path in {"/in", "/v1/orders/{id}"}] == [("q",), ("id", "full")]


def test_rails(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "config/routes.rb": """
                Rails.application.routes.draw do
                  root "home#index"
                  get "/about", to: "home#about"
                  match "/hook" => "home#hook", via: [:get, :post]
                  resources :orders, only: %i[index show] do
                    member { post :cancel }
                    get :export, on: :collection
                    resources :lines, only: [:create]
                  end
                  namespace :admin do
                    resource :profile, only: :show
                  end
                end
            """,
            "app/controllers/orders_controller.rb": """
                class OrdersController < ApplicationController
                  def index
                    Order.where(state: params[:state])
                  end

                  def cancel; end
                end
            """,
        },
    )
    assert [(each.method, each.path) for each in routes] == [
        ("GET", "/"),
        ("GET", "/about"),
        ("GET", "/admin/profile"),
        ("GET", "/hook"),
        ("POST", "/hook"),
        ("GET", "/orders"),
        ("GET", "/orders/export"),
        ("GET", "/orders/{id}"),
        ("POST", "/orders/{id}/cancel"),
        ("POST", "/orders/{order_id}/lines"),
    ]
    assert routes[5].file == "app/controllers/orders_controller.rb"
    assert (routes[5].scope, routes[5].parameters) == ("OrdersController.index", ("state",))
    assert (routes[8].scope, routes[8].line) == ("OrdersController.cancel", 6)


def test_laravel(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "routes/api.php": """
                <?php
                Route::prefix('v1')->middleware('auth')->group(function () {
                    Route::get('/orders/{order}', [OrderController::class, 'show'])->name('orders.show');
                    Route::apiResource('items', ItemController::class);
                });
                Route::match(['get', 'post'], '/hook', 'HookController@handle');
            """,
            "routes/web.php": """
                <?php
                Route::group(['prefix' => 'staff'], function () { Route::any('/x', fn () => request()->input('q')); });
                $client->get('/no');
            """,
            "app/Http/Controllers/OrderController.php": """
                <?php
                class OrderController {
                    public function show(Request $request) { return $request->query('full'); }
                }
            """,
        },
    )
    assert [(each.method, each.path) for each in routes] == [
        ("GET", "/api/hook"),
        ("POST", "/api/hook"),
        ("GET", "/api/v1/items"),
        ("POST", "/api/v1/items"),
        ("DELETE", "/api/v1/items/{item}"),
        ("GET", "/api/v1/items/{item}"),
        ("PATCH", "/api/v1/items/{item}"),
        ("PUT", "/api/v1/items/{item}"),
        ("GET", "/api/v1/orders/{order}"),
        ("", "/staff/x"),
    ]
    assert (routes[8].file, routes[8].scope) == ("app/Http/Controllers/OrderController.php", "OrderController.show")
    assert routes[8].parameters == ("order", "full")
    assert routes[9].parameters == ("q",)


def test_aspnet(tmp_path: Path) -> None:
    routes = write(
        tmp_path,
        {
            "OrdersController.cs": """
                [ApiController]
                [Route("api/[controller]")]
                public class OrdersController : ControllerBase {
                    [HttpGet("{id:int}")]
                    public IActionResult Read(int id, [FromQuery(Name = "full")] bool full) { return Ok(); }

                    [HttpPost, Route("[action]")]
                    public IActionResult Search() { return Ok(); }

                    [HttpGet("/absolute")]
                    public IActionResult Absolute() { return Ok(); }
                }
            """,
            "Program.cs": """
                var app = builder.Build();
                var group = app.MapGroup("/v2");
                group.MapGet("/items/{id?}", (int id) => id).RequireAuthorization();
                app.MapMethods("/many", new[] { "GET", "PUT" }, Many);
                static void Many() {}
            """,
        },
    )
    assert brief(routes) == [
        ("GET", "/absolute", "OrdersController.cs", "OrdersController.Absolute"),
        ("POST", "/api/Orders/Search", "OrdersController.cs", "OrdersController.Search"),
        ("GET", "/api/Orders/{id}", "OrdersController.cs", "OrdersController.Read"),
        ("GET", "/many", "Program.cs", "Many"),
        ("PUT", "/many", "Program.cs", "Many"),
        ("GET", "/v2/items/{id}", "Program.cs", ""),
    ]
    assert routes[2].parameters == ("id", "full")


def test_the_example() -> None:
    routes = routes_in(HARBOUR)
    by_key = {(each.method, each.path, each.origin): each for each in routes}
    search = by_key["GET", "/orders", "flask"]
    assert search.file == "services/orders/harbour_orders/orders.py"
    assert (search.line, search.end_line, search.scope, search.parameters) == (22, 29, "search", ("q", "sort"))
    assert by_key["GET", "/staff/ping", "express"].parameters == ("host",)
    assert by_key["GET", "/orders", "openapi"].parameters == ("q", "sort", "limit")
    code = {(each.method, each.path) for each in routes if each.origin == "flask"}
    assert {(each.method, each.path) for each in routes if each.origin == "openapi"} - code == set()


def test_openapi_3_and_2() -> None:
    three = read_openapi(b"""
openapi: 3.1.0
servers: [{url: "https://api.example/v1/"}]
paths:
  /orders/{id}:
    parameters: [{$ref: "#/components/parameters/id"}]
    put:
      parameters: [{name: dry, in: query}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
components:
  parameters: {id: {name: id, in: path}}
  schemas:
    Order: {allOf: [{$ref: "#/components/schemas/Base"}, {properties: {item: {}}}]}
    Base: {properties: {note: {}, self: {$ref: "#/components/schemas/Order"}}}
""")
    assert [(each.method, each.path) for each in three] == [("PUT", "/v1/orders/{id}")]
    assert sorted(three[0].parameters) == ["dry", "id", "item", "note", "self"]
    two = read_openapi(
        b'{"swagger": "2.0", "basePath": "/api", "paths": {"/x": {"post": {"parameters": [{"in": "body", "name": "b", "schema": {"properties": {"q": {}}}}]}}}}'
    )
    assert [(each.method, each.path, each.parameters) for each in two] == [("POST", "/api/x", ("q",))]


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"[]",
        b"{",
        b"openapi: [",
        b"openapi: 3.0.0\npaths: 5",
        b"openapi: 3.0.0\npaths: {/x: {get: 1}}",
        b"openapi: 3.0.0\nservers: [{url: 'http://[bad'}]\npaths: {}",
        b"a: &a [*a]\nopenapi: 3.0.0",
        b"openapi: 3.0.0\npaths: " + b"[" * 50_000,
        b'{"openapi": "3", "paths": ' + b"[" * 50_000,
        b"openapi: \xff\xfe",
    ],
)
def test_broken_descriptions_give_nothing(source: bytes) -> None:
    assert read_openapi(source) == []


def test_a_bomb_of_aliases_is_walked_in_bounds() -> None:
    lines = ["openapi: 3.0.0", "x0: &x0 {allOf: [{properties: {deep: {}}}]}"]
    lines += [
        f"x{level}: &x{level} {{allOf: [{', '.join([f'*x{level - 1}'] * 10)}], <<: [{', '.join([f'*x{level - 1}'] * 10)}]}}"
        for level in range(1, 40)
    ]
    lines += ["paths: {/x: {post: {requestBody: {content: {a: {schema: *x39}, b: {schema: *x39}}}}}}"]
    began = time.monotonic()
    assert [each.path for each in read_openapi("\n".join(lines).encode())] == ["/x"]
    assert time.monotonic() - began < 2


def test_circles_of_references_end() -> None:
    found = read_openapi(
        b'{"openapi": "3", "paths": {"/x": {"$ref": "#/paths/~1x"}, "/y": {"get": {"parameters": [{"$ref": "#/a"}]}}}, "a": {"$ref": "#/a"}}'
    )
    assert [(each.path, each.parameters) for each in found] == [("/y", ())]


def test_routers_that_hang_in_a_circle_end(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(40)]
    lines = ["from fastapi import APIRouter"] + [f'{name} = APIRouter(prefix="/{name}")' for name in names]
    lines += [f"{one}.include_router({other})" for one in names for other in names]
    lines += ["@r0.get('/end')", "def end(): ..."]
    began = time.monotonic()
    assert write(tmp_path, {"app.py": "\n".join(lines)})
    assert time.monotonic() - began < 5


def test_only_the_tree_itself_is_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = 'from flask import Flask\napp = Flask(__name__)\n@app.get("/found")\ndef f(): ...\n'
    (tmp_path / "outside.py").write_text(code.replace("found", "outside"))
    root = tmp_path / "tree"
    write(root, {"app.py": code, "node_modules/x/app.py": code, ".git/app.py": code, "vendor/app.py": code})
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "folder").symlink_to(tmp_path)
    assert [each.path for each in routes_in(root)] == ["/found"]
    assert walk.files_in(root) == (["app.py"], True)
    write(root, {"zz.py": code})
    assert walk.files_in(root, most=1) == (["app.py"], False)


def test_broken_and_binary_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "big.py").write_bytes(b"from flask import Flask\n" + b"x = 1\n" * 600_000)
    (tmp_path / "binary.py").write_bytes(b"Flask\0")
    (tmp_path / "deep.js").write_bytes(b"express" + b"(()=>{" * 100_000)
    routes = write(
        tmp_path,
        {"half.py": 'from flask import Flask\n@app.get("/x")\ndef x(:\n    pass\n@app.get("/y")\ndef y(): ...\n'},
    )
    assert ("GET", "/y") in {(each.method, each.path) for each in routes}


BRIEFLY = {
    "a.py": """
from flask import Flask
app = Flask(__name__)
app.register_blueprint(x.y, url_prefix="/p")
app.add_url_rule("/a", "a", view_func=b.as_view("c"), methods=["GET"])
@app.route("/c", methods=["PUT"])
def d(): return request.args["e"]
""",
    "b/urls.py": """
from django.urls import include, path
urlpatterns = [path("a/", include([path("b/", c.as_view())])), re_path(r"^(?P<d>x)$", e), path("f", include(("g.h", "i")))]
""",
    "c.js": """
const { Router: R } = require('express');
const app = R({ prefix: '/x' });
app.use('/p', require('./d')(1), e.routes());
app.route('/x').get(f).post(wrap(async (req) => req.query.g));
app.route({ method: ['GET'], url: '/y', handler: h });
""",
    "d.ts": """
import e, { f as g } from './h';
@Controller({ path: ['a', 'b'] })
export class C { @Get(['c', 'd']) @Post() e(@Body() f: G) {} }
""",
    "E.java": """
@RequestMapping(value = {"/a", "/b"}, method = RequestMethod.GET)
class E { @GetMapping("/c") void d() {} @Path("e") @POST void f() {} @RequestMapping(path = "/g") void h() {} }
""",
    "f.go": """
package f
import g "github.com/go-chi/chi/v5"
func h() { v := r.Group("/a"); v.Get("/b", w(c)); r.Route("/d", func(r chi.Router) { r.Mount("/e", v) }); r.HandleFunc("GET /f", h).Methods("PUT") }
""",
    "g/routes.rb": """
Rails.application.routes.draw do
  resources :a, only: %i[index show], path: "b" do
    member { get :c, to: "d#e" }
    resource :f, except: [:new]
  end
  scope "/g", module: "h" do match "/i" => "j#k", via: [:get] end
end
""",
    "h.php": """
<?php Route::prefix('a')->group(['prefix' => 'b'], function () { Route::match(['get'], '/c', [D::class, 'e']); Route::resource('f', G::class); });
""",
    "I.cs": """
[Route("a/[controller]")] class I { [HttpGet("{b:int}"), Route("~/c")] public int D() { return 1; } }
var e = app.MapGroup("/f"); e.MapMethods("/g", new[] { "GET" }, H); e.MapGet("/h", (int i) => 1);
""",
    "openapi.yaml": """
openapi: 3.0.0
paths: {/a: {get: {parameters: [{name: b}], requestBody: {content: {c: {schema: {properties: {d: {}}}}}}}}}
""",
}


@pytest.mark.parametrize("name", BRIEFLY)
def test_cut_and_spoiled_files_never_fail(name: str, tmp_path: Path) -> None:
    whole = BRIEFLY[name]
    assert write(tmp_path, {name: whole})
    for cut in range(1, len(whole), 3):
        (tmp_path / name).write_text(whole[:cut])
        routes_in(tmp_path)
        (tmp_path / name).write_text(whole[:cut] + whole[cut + 5 :])
        routes_in(tmp_path)
        (tmp_path / name).write_text(whole[:cut] + ") , {" + whole[cut:])
        routes_in(tmp_path)


REPEATED = {
    "a.py": (
        "from flask import Flask\n",
        "@app.get('/x')\ndef f(): ...\nb = Blueprint('b')\napp.register_blueprint(b)\n",
    ),
    "b.js": ("import 'express';\n", "app.get('/x', f);app.use('/y', g);function f(){}\n"),
    "c.go": ('package c\nimport "github.com/gin-gonic/gin"\n', 'func f() { v := r.Group("/a"); v.GET("/b", f) }\n'),
    "d.php": ("<?php\n", "Route::get('/x', [D::class, 'e']);\n"),
    "e.js": ("import 'express';app", ".get('/x', f)"),
    "f.php": ("<?php Route::get('/x', f)", "->get('/x', f)"),
    "g/urls.py": ("urlpatterns = [", "path('x/', include('g.urls')), path('y', z),\n"),
}


@pytest.mark.parametrize("name", REPEATED)
def test_long_files_take_little_time(name: str, tmp_path: Path) -> None:
    begin, again = REPEATED[name]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(begin + again * (300_000 // len(again)))
    began = time.monotonic()
    routes_in(tmp_path)
    assert time.monotonic() - began < 15
