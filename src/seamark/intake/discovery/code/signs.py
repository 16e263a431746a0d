"""By what a framework is known in code: the import that names it, and the words that make a program of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple


class Sign(NamedTuple):
    """How one framework is seen in the files of one language."""

    framework: str
    kind: str
    """`web`, `worker`, `job`, `cli`, `frontend` or `function`; empty where the framework does not decide it."""
    hint: str
    """Plain text that stands in every file that uses it: quick to look for."""
    runs: re.Pattern[str] | None
    """What makes the file a program's entry point; None where using it makes none."""


def _signs(rows: tuple[tuple[str, str, str, str], ...]) -> tuple[Sign, ...]:
    return tuple(
        Sign(name, kind, hint, re.compile(runs, re.MULTILINE) if runs else None) for name, kind, hint, runs in rows
    )


_SCRIPT: Final = _signs((
    ("express", "web", "express", r"\bexpress\(\)"),
    ("koa", "web", "koa", r"\bnew Koa\("),
    ("fastify", "web", "astify", r"(?<![\w.])[fF]astify\s*\((?!\s*\w+\s*,)"),
    ("hapi", "web", "@hapi/hapi", r"\bHapi\.server\("),
    ("nest", "web", "@nestjs/core", r"\bNestFactory\.create"),
    ("hono", "web", "hono", r"\bnew Hono\b"),
    ("apollo", "web", "@apollo/server", r"\bnew ApolloServer\b"),
    ("grpc", "web", "grpc", r"\bnew grpc\.Server\("),
    ("socket.io", "web", "socket.io", r"\bnew Server\("),
    ("node:http", "web", "createServer", r"\bhttps?\.createServer\("),
    ("bullmq", "worker", "bull", r"\bnew Worker\("),
    ("kafkajs", "worker", "kafkajs", r"\.consumer\("),
    ("commander", "cli", "commander", r"^#!.*\bnode\b"),
    ("yargs", "cli", "yargs", r"^#!.*\bnode\b"),
))  # fmt: skip
_JVM: Final = _signs((
    ("spring-boot", "web", "springframework.boot", r"@SpringBootApplication\b|\bSpringApplication\.run\("),
    ("quarkus", "web", "io.quarkus", r"@QuarkusMain\b|\bQuarkus\.run\("),
    ("micronaut", "web", "io.micronaut", r"\bMicronaut\.(?:run|build)\("),
    ("jakarta", "web", "ws.rs", r"@ApplicationPath\b"),
    ("servlet", "web", "servlet", r"@WebServlet\b"),
    ("ktor", "web", "io.ktor", r"\bembeddedServer\(|\bEngineMain\b"),
    ("vertx", "web", "io.vertx", r"\bVertx\.vertx\("),
    ("dropwizard", "web", "dropwizard", r"extends Application<"),
    ("javalin", "web", "io.javalin", r"\bJavalin\.create\("),
    ("grpc", "web", "io.grpc", r"\b(?:Netty)?ServerBuilder\s*\.\s*forPort\("),
    ("kafka", "worker", "org.apache.kafka", r"\bKafkaConsumer\s*<"),
    ("aws-lambda", "function", "lambda.runtime", r"implements Request(?:Stream)?Handler\b"),
    ("spring-web", "", "springframework.web", ""),
    ("picocli", "cli", "picocli", r"new CommandLine\("),
))  # fmt: skip

SIGNS: Final[dict[str, tuple[Sign, ...]]] = {
    "python": _signs((
        ("flask", "web", "flask", r"\bFlask\(\s*__name__|=\s*Flask\("),
        ("fastapi", "web", "fastapi", r"\bFastAPI\("),
        ("django", "web", "django", r"\bget_[aw]sgi_application\(|\bexecute_from_command_line\("),
        ("starlette", "web", "starlette", r"=\s*Starlette\("),
        ("aiohttp", "web", "aiohttp", r"\bweb\.Application\("),
        ("tornado", "web", "tornado", r"\bweb\.Application\("),
        ("sanic", "web", "sanic", r"=\s*Sanic\("),
        ("falcon", "web", "falcon", r"\bfalcon\.(?:asgi\.)?A(?:pp|PI)\("),
        ("bottle", "web", "bottle", r"=\s*Bottle\("),
        ("quart", "web", "quart", r"=\s*Quart\("),
        ("litestar", "web", "litestar", r"=\s*Litestar\("),
        ("pyramid", "web", "pyramid", r"\.make_wsgi_app\("),
        ("grpc", "web", "grpc", r"\bgrpc\.(?:aio\.)?server\("),
        ("celery", "worker", "celery", r"=\s*Celery\("),
        ("dramatiq", "worker", "dramatiq", r"\bset_broker\("),
        ("rq", "worker", "rq", r"^from rq import .*\bWorker\b"),
        ("kafka", "worker", "afka", r"\b(?:AIO)?(?:Kafka)?Consumer\(\s*[{'\"\w]"),
        ("pika", "worker", "pika", r"\.basic_consume\("),
        ("airflow", "job", "airflow", r"\bDAG\(|^[ \t]*@dag\b"),
        ("locust", "job", "locust", r"^class \w+\((?:\w+, ?)?(?:Fast)?HttpUser\b"),
        ("streamlit", "frontend", "streamlit", r"\bst\.(?:title|write|sidebar)\b"),
        ("aws-lambda", "function", "lambda_handler", r"^def lambda_handler\(\s*event"),
        ("click", "cli", "click", r"^@click\.(?:command|group)\b[\s\S]{0,20000}?^if __name__"),
        ("typer", "cli", "typer", r"=\s*typer\.Typer\([\s\S]{0,20000}?^if __name__"),
    )),
    "javascript": _SCRIPT, "typescript": _SCRIPT, "tsx": _SCRIPT,
    "java": _JVM, "kotlin": _JVM,
    "go": _signs((
        ("gin", "web", "gin-gonic/gin", r"\bgin\.(?:Default|New)\("),
        ("echo", "web", "labstack/echo", r"\becho\.New\("),
        ("chi", "web", "go-chi/chi", r"\bchi\.NewRouter\(|\bchi\.NewMux\("),
        ("fiber", "web", "gofiber/fiber", r"\bfiber\.New\("),
        ("gorilla", "web", "gorilla/mux", r"\bmux\.NewRouter\("),
        ("grpc", "web", "google.golang.org/grpc", r"\bgrpc\.NewServer\("),
        ("net/http", "web", "net/http", r"\.ListenAndServe(?:TLS)?\(|\bhttp\.Serve\("),
        ("aws-lambda", "function", "aws-lambda-go", r"\blambda\.Start\("),
        ("sarama", "worker", "sarama", r"\bNewConsumerGroup\("),
        ("cobra", "cli", "spf13/cobra", r"&cobra\.Command\{"),
    )),
    "ruby": _signs((
        ("rails", "web", "Rails", r"<\s*(?:::)?Rails::Application\b|Rails\.application\.initialize!"),
        ("sinatra", "web", "sinatra", r"^[ \t]*require ['\"]sinatra|<\s*Sinatra::(?:Base|Application)"),
        ("grape", "web", "Grape", r"<\s*Grape::API\b"),
        ("roda", "web", "roda", r"<\s*Roda\b"),
        ("sidekiq", "", "sidekiq", ""),
        ("rack", "web", "Rack", r"^run\s+\w+"),
    )),
    "php": _signs((
        ("laravel", "web", "Illuminate", r"Illuminate\\+Foundation\\+Application\b"),
        ("symfony", "web", "Symfony", r"\bextends BaseKernel\b|use MicroKernelTrait"),
        ("slim", "web", "Slim", r"\bAppFactory::create\(|new \\?Slim\\App\("),
    )),
    "csharp": _signs((
        ("aspnet", "web", "Web", r"\bWebApplication\.Create(?:Slim)?(?:Empty)?Builder\(|\bWebHost\.CreateDefaultBuilder\(|ConfigureWebHostDefaults\("),
        ("aspire", "job", "DistributedApplication", r"\bDistributedApplication\.CreateBuilder\("),
        ("worker", "worker", "Host.Create", r"(?<!Web)\bHost\.Create(?:Default|Application)Builder\("),
        ("maui", "frontend", "MauiApp", r"\bMauiApp\.CreateBuilder\("),
        ("blazor", "frontend", "WebAssemblyHostBuilder", r"\bWebAssemblyHostBuilder\.CreateDefault\("),
        ("azure-functions", "function", "Azure.Functions", r"ConfigureFunctions(?:WorkerDefaults|WebApplication)\(|\[FunctionName\("),
    )),
    "rust": _signs((
        ("actix", "web", "actix_web", r"\bHttpServer::new\("),
        ("axum", "web", "axum", r"\baxum::(?:serve|Server)\b"),
        ("rocket", "web", "rocket", r"\brocket::build\(|#\[launch\]|#\[rocket::main\]"),
        ("warp", "web", "warp", r"\bwarp::serve\("),
        ("tonic", "web", "tonic", r"\bServer::builder\(\)"),
        ("clap", "cli", "clap", r"#\[(?:derive\([^)]*Parser|command)"),
    )),
    "elixir": _signs((
        ("phoenix", "web", "Phoenix", r"use Phoenix\.Endpoint\b"),
        ("grpc", "web", "GRPC", r"use GRPC\.Endpoint\b"),
    )),
    "cpp": _signs((("grpc", "web", "grpc", r"\bServerBuilder\s+\w+\s*;"),)),
}  # fmt: skip
"""By language; a sign counts where its hint stands in the file and its pattern fits."""

MAINS: Final = {
    "go": re.compile(r"^package main\b[\s\S]*?^func main\(\)", re.MULTILINE),
    "rust": re.compile(r"^(?:pub )?(?:async )?fn main\(\)", re.MULTILINE),
    "java": re.compile(r"public static void main\("),
    "kotlin": re.compile(r"^(?:suspend )?fun main\(", re.MULTILINE),
    "csharp": re.compile(r"static (?:async )?(?:void|int|Task(?:<int>)?) Main\("),
    "cpp": re.compile(r"^int main\(", re.MULTILINE),
}
"""What makes a file a program whatever it uses."""

SCRIPT_FRAMEWORKS: Final = {
    "next": ("next", "web"), "nuxt": ("nuxt", "web"), "@remix-run/react": ("remix", "web"), "@angular/core": ("angular", "frontend"),
    "react-native": ("react-native", "frontend"), "expo": ("expo", "frontend"), "gatsby": ("gatsby", "frontend"), "vue": ("vue", "frontend"),
    "svelte": ("svelte", "frontend"), "solid-js": ("solid", "frontend"), "react-dom": ("react", "frontend"), "preact": ("preact", "frontend"),
    "astro": ("astro", "frontend"), "ember-source": ("ember", "frontend"), "@nestjs/core": ("nest", "web"), "express": ("express", "web"),
    "koa": ("koa", "web"), "fastify": ("fastify", "web"), "@hapi/hapi": ("hapi", "web"), "@grpc/grpc-js": ("grpc", ""),
}  # fmt: skip
"""Packages of package.json that name a framework, and what they make of a program."""

ENDINGS: Final = {
    "c": "c h", "cpp": "cc cpp cxx hh hpp hxx", "csharp": "cs cshtml razor", "elixir": "ex exs", "erlang": "erl", "fsharp": "fs", "go": "go", "groovy": "groovy",
    "java": "java", "javascript": "cjs js jsx mjs", "kotlin": "kt", "php": "php phtml", "python": "py", "ruby": "rake rb", "rust": "rs",
    "scala": "scala", "shell": "bash sh", "swift": "swift", "typescript": "cts mts ts tsx", "vue": "vue", "svelte": "svelte", "dart": "dart",
}  # fmt: skip
SHORTEST_NAME: Final = 6
"""Characters of a hint from which it names the framework even where the file starts nothing."""
_LANGUAGES: Final = {ending: language for language, endings in ENDINGS.items() for ending in endings.split()}

_ASIDE: Final = re.compile(
    r"(?:^|/)(?:tests?|__tests__|specs?|testing|testdata|fixtures?|mocks?|__mocks__|e2e|docs?|documentation|examples?|samples?|benchmarks?|cypress|storybook"
    r"|[^/]*[._-](?:Functional|Unit|Integration)?Tests?|[^/]*\.(?:UnitTests|FunctionalTests|IntegrationTests))/"
    r"|(?:^|/)(?:test_[^/]*\.py|conftest\.py|[^/]*(?:_test|_spec|\.test|\.spec|Tests?|\.stories)\.\w+)$"
)


def code_language(path: str) -> str:
    """Return the programming language of a file by its ending, empty where it is none."""
    return _LANGUAGES.get(path.rpartition("/")[2].rpartition(".")[2].lower(), "") if "." in path else ""


_PACKAGES: Final = re.compile(r"(?<![^/])src/main/(?:java|kotlin|scala|groovy)/")


@lru_cache(maxsize=65536)
def is_aside(path: str) -> bool:
    """Tell whether a file is a test, an example or documentation: what stands there is not what runs."""
    if match := _PACKAGES.search(path):
        # `com/example/shop` is a package, no example.
        path = f"{path[: match.start()]}{path.rpartition('/')[2]}"
    return _ASIDE.search(path) is not None
