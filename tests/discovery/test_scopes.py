from __future__ import annotations

import textwrap
import time
from pathlib import Path

import pytest

from seamark.intake.discovery.scopes import DEEPEST, LONGEST_NAME, Scope, ScopeTable, scopes_of
from seamark.intake.discovery.syntax import is_tangled, language_of

HARBOUR = Path(__file__).resolve().parents[2] / "examples" / "harbour"

SNIPPETS = {
    "python": (
        """
        import os

        class Orders(Base):
            limit = 5

            @cached
            def search(self, text):
                def inner():
                    return 1
                return inner()

        async def main():
            pass
        """,
        ["Orders 3-10", "Orders.search 6-10", "Orders.search.inner 8-9", "main 12-13"],
    ),
    "javascript": (
        """
        export class Orders {
          #cache = new Map();
          find = async (id) => {
            return id;
          };
          async search(text) { return text; }
        }
        const helper = function () { return 1; };
        module.exports.save = (x) => x;
        Orders.prototype.old = function () {};
        const api = { 'go': () => 1 };
        router.get('/search', wrap(async (req, res) => {
          res.send(1);
        }));
        [1].map((x) => x);
        """,
        ["Orders 1-7", "Orders.find 3-5", "Orders.search 6-6", "helper 8-8", "save 9-9", "Orders.old 10-10", "go 11-11", "get /search 12-14"],
    ),
    "typescript": (
        """
        @Injectable()
        export class Orders {
          @Get(':id')
          one(id: string): Order { return this.repo.one(id); }
        }
        export interface Order { id: string }
        export const load = (id: string): Promise<Order> => fetch(id);
        abstract class Base { abstract run(): void }
        """,
        ["Orders 1-5", "Orders.one 3-4", "Order 6-6", "load 7-7", "Base 8-8"],
    ),
    "tsx": ("const Page = (): JSX.Element => <div onClick={() => go()}>x</div>;\n", ["Page 1-1"]),
    "java": (
        """
        package shop;
        public class Orders {
          public Orders() {}
          @Override
          public List<Order> search(String q) {
            return run(new Task() { public void go() {} });
          }
          record Line(int n) {}
        }
        enum State { OPEN }
        """,
        ["Orders 2-9", "Orders.Orders 3-3", "Orders.search 4-7", "Orders.search.go 6-6", "Orders.Line 8-8", "State 10-10"],
    ),
    "go": (
        """
        package shop
        type Orders struct{ n int }
        func (o *Orders) Search(q string) {
        }
        func (s Store[T]) Get() {}
        func main() {
            go func() { run() }()
        }
        """,
        ["Orders 2-2", "Orders.Search 3-4", "Store.Get 5-5", "main 6-8"],
    ),
    "ruby": (
        """
        module Shop::Admin
          class Orders < Base
            def search(q)
              q
            end
            def self.all; end
          end
        end
        """,
        ["Shop.Admin 1-8", "Shop.Admin.Orders 2-7", "Shop.Admin.Orders.search 3-5", "Shop.Admin.Orders.all 6-6"],
    ),
    "php": (
        """
        <?php
        namespace Shop;
        class Orders {
            public function search($q) { return array_map(fn ($x) => $x, $q); }
        }
        function helper() {}
        trait Named { function name() {} }
        """,
        ["Orders 3-5", "Orders.search 4-4", "helper 6-6", "Named 7-7", "Named.name 7-7"],
    ),
    "csharp": (
        """
        namespace Shop;
        public class Orders {
            public int Count { get; set; }
            [HttpGet]
            public Order Read(int id) {
                int Local() => 1;
                return null;
            }
        }
        public record Line(int N);
        """,
        ["Orders 2-9", "Orders.Count 3-3", "Orders.Read 4-8", "Orders.Read.Local 6-6", "Line 10-10"],
    ),
    "c": (
        """
        struct order { int id; };
        struct order *next(struct order *o)
        {
            return o;
        }
        static int (*pick(void))(int) { return 0; }
        """,
        ["order 1-1", "next 2-5", "pick 6-6"],
    ),
    "cpp": (
        """
        namespace shop {
        class Orders { void read() {} int n; };
        }
        void shop::Orders::search() {
        }
        Orders::~Orders() {}
        int& count() { static int n; return n; }
        template <typename T> T most(T a) { return a; }
        """,
        ["Orders 2-2", "Orders.read 2-2", "shop.Orders.search 4-5", "Orders.~Orders 6-6", "count 7-7", "most 8-8"],
    ),
    "kotlin": (
        """
        class Orders {
            fun search(q: String): Int {
                return 1
            }
            companion object {
                fun make() {}
            }
        }
        object Config {
            fun load() {}
        }
        fun String.shout() = this
        """,
        ["Orders 1-8", "Orders.search 2-4", "Orders.Companion 5-7", "Orders.Companion.make 6-6", "Config 9-11", "Config.load 10-10", "shout 12-12"],
    ),
    "rust": (
        """
        struct Orders<T> { n: T }
        impl<T> Orders<T> {
            #[inline]
            pub fn search(&self) {}
        }
        impl Display for shop::Line {
            fn fmt(&self) {}
        }
        """,
        ["Orders 1-1", "Orders 2-5", "Orders.search 3-4", "Line 6-8", "Line.fmt 7-7"],
    ),
    "hcl": (
        """
        resource "aws_s3_bucket" "invoices" {
          bucket = "x"
          versioning {
            enabled = false
          }
        }
        data "aws_ami" "base" {}
        module "network" {
          source = "./network"
        }
        variable "region" {}
        locals {
          a = 1
        }
        """,
        ["aws_s3_bucket.invoices 1-6", "data.aws_ami.base 7-7", "module.network 8-10", "var.region 11-11", "locals 12-14"],
    ),
    "yaml": (
        """
        # the shop
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          labels:
            name: not-this
          name: "orders"
        spec:
          template: {{ broken
        ---
        apiVersion: v1
        kind: Service
        metadata: {labels: {a: b}, name: front}
        ---
        services:
          orders: {}
        """,
        ["Deployment/orders 1-9", "Service/front 11-13"],
    ),
}  # fmt: skip


def brief(scopes: list[Scope]) -> list[str]:
    return [f"{each.name} {each.first}-{each.last}" for each in scopes]


@pytest.mark.parametrize("language", SNIPPETS)
def test_scopes_by_language(language: str) -> None:
    code, wanted = SNIPPETS[language]
    assert brief(scopes_of(textwrap.dedent(code).lstrip("\n").encode(), language)) == wanted


@pytest.mark.parametrize("language", SNIPPETS)
def test_cut_and_spoiled_code_never_fails(language: str) -> None:
    whole = textwrap.dedent(SNIPPETS[language][0]).lstrip("\n").encode()
    for cut in range(0, len(whole), 2):
        for spoiled in (
            whole[:cut],
            whole[cut:],
            whole[:cut] + whole[cut + 4 :],
            whole[:cut] + b") } \xff" + whole[cut:],
        ):
            ends = [scope.last for scope in scopes_of(spoiled, language)]
            assert all(1 <= end <= spoiled.count(b"\n") + 1 for end in ends)


def test_languages_go_by_the_ending() -> None:
    endings = {
        "a/b.PY": "python",
        "x.tsx": "tsx",
        "x.h": "cpp",
        "main.tf": "hcl",
        "k8s.yml": "yaml",
        "x.txt": "",
        "py": "",
        "": "",
    }
    assert {path: language_of(path) for path in endings} == endings
    assert scopes_of(b"class A: pass", "") == []


def test_broken_code_gives_what_can_be_read() -> None:
    assert "fine" in {
        each.name for each in scopes_of(b"def broken():\n    return 1 +\n\n\ndef fine():\n    x = = 1\n", "python")
    }
    assert scopes_of(b"", "java") == []
    assert scopes_of(b"\xff\xfe\x80 def", "python") == []


def test_the_example() -> None:
    def at(path: str, line: int) -> str:
        return ScopeTable(scopes_of((HARBOUR / path).read_bytes(), language_of(path))).at(line)

    assert at("services/orders/harbour_orders/orders.py", 27) == "search"
    assert at("services/orders/harbour_orders/orders.py", 3) == ""
    assert at("services/storefront/routes/staff.js", 15) == "get /ping"
    assert at("services/storefront/server.js", 20) == "createApp"
    assert at("terraform/storage.tf", 9) == "aws_s3_bucket_acl.invoices"
    assert at("deploy/k8s/orders.yaml", 24) == "Deployment/orders"
    assert at("deploy/k8s/orders.yaml", 50) == "Service/orders"


def test_the_innermost_scope_of_a_line() -> None:
    table = ScopeTable([Scope("A", 2, 10), Scope("A.f", 3, 5, 1), Scope("A.g", 5, 7, 1), Scope("B", 12, 12)])
    lines = {
        1: "",
        2: "A",
        3: "A.f",
        4: "A.f",
        5: "A",
        6: "A.g",
        8: "A",
        10: "A",
        11: "",
        12: "B",
        13: "",
        0: "",
        -1: "",
    }
    assert {line: table.at(line) for line in lines} == lines
    assert ScopeTable([]).at(1) == ""


def test_minified_code_has_no_scope_of_its_own() -> None:
    code = b"function a(){return 1};function b(){return 2}\nfunction c(){\nreturn 3}\n"
    table = ScopeTable(scopes_of(code, "javascript"))
    assert [table.at(line) for line in (1, 2, 3)] == ["", "c", "c"]


def test_names_and_depth_are_bounded() -> None:
    long = scopes_of(b"def " + b"a" * 5000 + b"(): pass\n", "python")
    assert [len(each.name) for each in long] == [LONGEST_NAME]
    nested = b"".join(b" " * depth + b"def f%d():\n" % depth for depth in range(60)) + b" " * 60 + b"x = 1\n"
    scopes = scopes_of(nested, "python")
    assert len(scopes) == DEEPEST
    assert ScopeTable(scopes).at(61) == scopes[-1].name


HOSTILE = {
    "python brackets": (b"(" * 1_500_000, "python"),
    "python words": (b"not " * 400_000, "python"),
    "javascript functions": (b"(()=>{" * 250_000, "javascript"),
    "javascript signs": (b"!" * 1_500_000, "javascript"),
    "c stars": (b"*" * 1_500_000, "c"),
    "csharp angles": (b"a<b<" * 300_000, "csharp"),
    "ruby begin": (b"begin " * 250_000, "ruby"),
    "yaml dashes": (b"- " * 700_000, "yaml"),
    "yaml documents": (b"---\napiVersion: v1\nkind: A\nmetadata: {name: x}\n" * 10_000, "yaml"),
    "signs in short runs": ((b"-" * 499 + b"a ") * 1000, "python"),
    "many functions": (b"function a(){}\n" * 30_000, "javascript"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_little_time(name: str) -> None:
    began = time.monotonic()
    ScopeTable(scopes_of(*HOSTILE[name]))
    assert time.monotonic() - began < 10


def test_what_is_tangled() -> None:
    assert is_tangled(b"[" * 2000)
    assert is_tangled(b"- " * 600)
    assert not is_tangled(b"[1, 2],\n" * 20_000)
    assert not is_tangled(b"#" + b"-" * 120 + b"\n")
    assert not is_tangled(b"for (i = 0; i < n; i++) {}\n" * 5000)
    assert not is_tangled(b"std::vector<std::map<int, int>> a;\n" * 5000)
    assert all(not is_tangled(path.read_bytes()) for path in HARBOUR.rglob("*.py"))
