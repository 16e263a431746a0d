"""Where versions of pins come from: registries of images, git's tags, registries of modules, indexes of charts. Answers are our own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.registries.door import Cache
from seamark.intake.connectors.registries.doors import MOST, Doors
from seamark.intake.connectors.registries.gittags import address_of
from seamark.intake.connectors.registries.hosts import host_of, told
from seamark.intake.connectors.registries.registries import Registries
from tests.remediation.planner.served import Served, registry_at_home

DIGEST = "sha256:" + "d" * 64


def packet(text: str) -> str:
    return f"{len(text) + 5:04x}{text}\n"


def references(tags: dict[str, str], notes: dict[str, str] | None = None) -> str:
    """Return what git answers when it is asked for references; `notes` are annotated tags, whose commits are in `tags`."""
    lines = [packet("# service=git-upload-pack"), "0000", packet(f"{'f' * 40} HEAD\0multi_ack side-band-64k symref=HEAD:refs/heads/main"), packet(f"{'f' * 40} refs/heads/main")]  # fmt: skip
    for name, commit in tags.items():
        if notes and name in notes:
            lines.append(packet(f"{notes[name]} refs/tags/{name}"))
            lines.append(packet(f"{commit} refs/tags/{name}^{{}}"))
        else:
            lines.append(packet(f"{commit} refs/tags/{name}"))
    return "".join([*lines, "0000"])


@pytest.fixture
def served() -> Iterator[Served]:
    with registry_at_home() as found:
        yield found


def market(served: Served, ecosystem: str) -> Registries:
    return Registries({ecosystem: served.base}, cache=Cache(None), attempts=1, internal={"127.0.0.1"})


def versions(found: Registries, ecosystem: str, name: str) -> list[str] | None:
    told = found.releases(ecosystem, name)
    return [one.version for one in told] if told is not None else None


def test_tags_and_digests_of_images_behind_a_token(served: Served) -> None:
    first = "/v2/library/python/tags/list?n=1000"
    served.answers = {
        first: json.dumps({"name": "library/python", "tags": ["3.8-slim", "latest", "bad tag"]}),
        "/v2/library/python/tags/list?last=x&n=1000": json.dumps({"tags": ["3.13-slim"]}),
        "/v2/library/python/manifests/3.13-slim": "{}",
        "/token?service=images&scope=repository%3Alibrary%2Fpython%3Apull": json.dumps({"token": "for-all"}),
    }
    served.headers = {
        "401": {"WWW-Authenticate": 'Bearer realm="{base}/token",service="images",scope="repository:library/python:pull"'},
        first: {"Link": '<http://elsewhere.example/v2/library/python/tags/list?last=x&n=1000>; rel="next"'},
        "/v2/library/python/manifests/3.13-slim": {"Docker-Content-Digest": DIGEST},
    }  # fmt: skip
    served.wants = {"/v2/": "Bearer for-all"}
    with market(served, "docker") as found:
        assert versions(found, "docker", "python") == ["3.8-slim", "latest", "3.13-slim"]
        assert found.hashes("docker", "docker.io/library/python", "3.13-slim") == (("digest", DIGEST),)
        assert found.hashes("docker", "python", "9") == ()
        assert versions(found, "docker", "nothing") is None
        assert found.needs("docker", "python", "3.13-slim") is None
    assert sum(path.startswith("/token") for path in served.asked) == 2
    assert found.troubles == {"the image registry does not show library/nothing to everybody": None}


@pytest.mark.parametrize(
    "challenge",
    ["", "Basic", 'Bearer realm="file:///etc/passwd"', 'Bearer realm="http://169.254.169.254/latest"', 'Bearer service="x"'],
)  # fmt: skip
def test_a_token_is_fetched_from_nowhere_else(served: Served, challenge: str) -> None:
    served.headers = {"401": {"WWW-Authenticate": challenge} if challenge else {}}
    served.wants = {"/v2/": "Bearer x"}
    with market(served, "docker") as found:
        assert found.releases("docker", "python") is None
    assert len(found.troubles) == 1


def test_hosts_that_files_name_are_guarded(served: Served) -> None:
    port = served.base.rpartition(":")[2]
    with Registries({"docker": served.base}, cache=Cache(None), attempts=1) as found:
        for name in (f"127.0.0.1:{port}/a/b", "169.254.169.254/a/b", "localhost/a/b", "UPPER//x"):
            assert found.releases("docker", name) is None
        assert found.releases("helm", "http://127.0.0.1/charts/redis") is None
        assert found.releases("terraform", "git::https://127.0.0.1/net.git") is None
    assert served.asked == []
    assert len(found.troubles) >= 3


def test_tags_of_git(served: Served) -> None:
    tags = {"v3": "3" * 40, "v3.6.0": "3" * 40, "v4.2.2": "4" * 40, "nightly": "5" * 40}
    served.answers = {"/actions/checkout.git/info/refs?service=git-upload-pack": references(tags, {"v4.2.2": "e" * 40})}
    with market(served, "githubactions") as found:
        assert versions(found, "githubactions", "actions/checkout") == ["v3", "v3.6.0", "v4.2.2"]
        assert dict(found.hashes("githubactions", "actions/checkout", "v4.2.2"))["commit"] == "4" * 40
        assert found.hashes("githubactions", "actions/checkout", "v9") == ()
        assert versions(found, "githubactions", "actions/none") is None
        assert not found.troubles
    assert len(served.asked) == 2
    served.answers = {"/a/b.git/info/refs?service=git-upload-pack": "<html>sign in</html>"}
    with market(served, "githubactions") as found:
        assert found.releases("githubactions", "a/b") is None
        assert "none of its documents" in next(iter(found.troubles))


def test_modules_and_providers(served: Served) -> None:
    served.answers = {
        "/.well-known/terraform.json": json.dumps({"modules.v1": "/v1/modules/", "providers.v1": "{base}/p/"}),
        "/v1/modules/acme/vpc/aws/versions": json.dumps({"modules": [{"versions": [{"version": "2.1.0"}, {"version": "3.0.0"}]}]}),
        "/p/hashicorp/aws/versions": json.dumps({"versions": [{"version": "5.0.0", "platforms": [{"os": "linux", "arch": "amd64"}]}]}),
        "/p/hashicorp/aws/5.0.0/download/linux/amd64": json.dumps({"shasums_url": "{base}/sums"}),
        "/sums": f"{'a' * 64}  terraform-provider-aws_5.0.0_linux_amd64.zip\n{'b' * 64}  terraform-provider-aws_5.0.0_darwin_arm64.zip\n{'c' * 64}  manifest.json\n",
    }  # fmt: skip
    with market(served, "terraform") as found:
        assert versions(found, "terraform", "acme/vpc/aws") == ["2.1.0", "3.0.0"]
        assert versions(found, "terraform", "acme/vpc/aws//modules/sub") == ["2.1.0", "3.0.0"]
        assert versions(found, "terraform", "hashicorp/aws") == ["5.0.0"]
        assert found.hashes("terraform", "hashicorp/aws", "5.0.0") == (("zh", "a" * 64), ("zh", "b" * 64))
        assert found.hashes("terraform", "acme/vpc/aws", "3.0.0") == ()
        assert versions(found, "terraform", "acme/none/aws") is None
        assert not found.troubles


def test_charts(served: Served) -> None:
    served.answers = {"/index.yaml": "apiVersion: v1\nentries:\n  redis:\n    - version: 17.1.0\n    - version: 18.0.0\n      deprecated: true\n"}  # fmt: skip
    with market(served, "helm") as found:
        told = found.releases("helm", f"{served.base}/redis")
        assert told is not None
        assert [(one.version, one.deprecated) for one in told] == [("17.1.0", ""), ("18.0.0", "yes")]
        assert found.releases("helm", f"{served.base}/none") is None
        assert found.hashes("helm", f"{served.base}/redis", "18.0.0") == ()
    for text in (
        "entries: &a [*a]\n",
        "entries: [\n",
        "x: &b 1\nentries: {redis: [*b]}\n",
        f"entries: {'[' * 50_000}{']' * 50_000}\n",
    ):
        served.answers = {"/index.yaml": text}
        with market(served, "helm") as found:
            assert not found.releases("helm", f"{served.base}/redis")


def test_where_they_are() -> None:
    assert told("images=https://images.acme.example,actions=https://git.acme.example/,terraform=https://tf.acme.example") == {
        "docker": "https://images.acme.example", "githubactions": "https://git.acme.example", "terraform": "https://tf.acme.example",
    }  # fmt: skip
    assert host_of("githubactions", environment={"GITHUB_SERVER_URL": "https://git.acme.example"}) == "https://git.acme.example"  # fmt: skip
    assert host_of("githubactions", environment={}) == ""


def test_nobody_says_where_and_only_so_many_hosts() -> None:
    with Registries({"githubactions": ""}, cache=Cache(None)) as found:
        assert found.releases("githubactions", "actions/checkout") is None or host_of("githubactions")
    doors = Doors("", "the image registry", Cache(None))
    with pytest.raises(RemoteFailure, match="Nobody here says where the image registry is"):
        doors.own()
    for number in range(MOST):
        doors.at(f"https://{number}.acme.example")
    with pytest.raises(RemoteFailure, match="More than 50 hosts"):
        doors.at("https://one-more.acme.example")
    doors.close()


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("git::https://git.acme.example/net.git//sub", "https://git.acme.example/net.git"),
        ("https://git.acme.example/net.git", "https://git.acme.example/net.git"),
        ("git.acme.example/acme/net//sub", "https://git.acme.example/acme/net"),
    ],
)
def test_addresses_of_modules(name: str, address: str) -> None:
    assert address_of(name) == address


@pytest.mark.parametrize("name", ["git::ssh://git@git.acme.example/net.git", "./own", "s3::https", "git@git.acme.example:net.git"])  # fmt: skip
def test_what_is_not_reached_by_https(name: str) -> None:
    with pytest.raises(RemoteFailure, match="not reached by https"):
        address_of(name)
