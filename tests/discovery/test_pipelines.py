"""Pipelines: what they run, build, deploy and check."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.extractors.pipelines import extract
from seamark.intake.discovery.pipelines.commands import fill, read_commands
from seamark.intake.discovery.pipelines.reading import Built, Deployed, Step, scanners_in

from .trees import assets, edges, make, spoiled

WORKFLOW = """
name: release
on:
  push: {tags: ["v*"]}
  workflow_dispatch: {inputs: {registry: {default: images.shop.example}}}
permissions: {contents: read}
env: {BASE: "${{ inputs.registry }}/shop"}
jobs:
  build:
    runs-on: [self-hosted, linux]
    container: {image: "node:20"}
    strategy:
      matrix:
        part: [orders, carts]
        include: [{part: orders, folder: services/orders}, {part: carts, folder: services/carts}]
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
      - uses: aquasecurity/trivy-action@v1
      - run: |
          semgrep ci
          docker build \\
            -t $BASE/${{ matrix.part }}:${{ github.sha }} ${{ matrix.folder }}
      - uses: docker/build-push-action@v6
        with: {context: ., file: tools/Dockerfile, tags: "images.shop.example/tools:1,images.shop.example/tools:2"}
  deploy:
    needs: build
    environment: {name: production}
    steps:
      - run: kubectl apply -f deploy/k8s
        env: {TOKEN: "${{ secrets.DEPLOY_TOKEN }}", ALL: "${{ toJSON(secrets) }}"}
      - run: terraform -chdir=infra apply -auto-approve
  other:
    uses: ./.github/workflows/other.yml
"""
SERVICES = {
    "services/orders/Dockerfile": "FROM x\n", "services/orders/app.py": "from flask import Flask\nFlask(__name__)\n",
    "services/carts/Dockerfile": "FROM x\n", "services/carts/app.py": "from flask import Flask\nFlask(__name__)\n", "tools/Dockerfile": "FROM y\nCOPY x.sh /\n", "tools/x.sh": "",
}  # fmt: skip


def test_a_workflow(tmp_path: Path) -> None:
    facts = list(extract(make(tmp_path, {".github/workflows/release.yml": WORKFLOW, **SERVICES})))
    pipeline = assets(facts, AssetKind.PIPELINE)[".github/workflows/release.yml"]
    told = pipeline.facts
    assert (pipeline.name, told["system"], told["triggers"]) == (
        "release",
        "github-actions",
        ["push", "workflow_dispatch"],
    )
    assert told["actions"] == [
        {"name": "actions/checkout", "version": "11bd71901bbe5b1630ceea73d27597364c9af683", "pinned": True, "line": 16},
        {"name": "aquasecurity/trivy-action", "version": "v1", "pinned": False, "line": 17},
        {"name": "docker/build-push-action", "version": "v6", "pinned": False, "line": 22},
    ]
    assert told["actions_unpinned"] == 2
    assert told["secrets"] == ["DEPLOY_TOKEN", "*"]
    assert (told["permissions"], told["environments"], told["runners"]) == (
        {"contents": "read"},
        ["production"],
        ["self-hosted", "linux"],
    )
    assert (told["scanners"], told["includes"], told["images"]) == (
        ["semgrep", "trivy"],
        [".github/workflows/other.yml"],
        ["node:20"],
    )
    assert told["deploys"] == [
        {"tool": "kubectl", "paths": ["deploy/k8s"], "line": 28},
        {"tool": "terraform", "paths": ["infra"], "line": 30},
    ]
    assert [job["name"] for job in told["jobs"]] == ["build", "deploy", "other"]
    assert edges(facts) == [
        (".github/workflows/release.yml", "builds", "images.shop.example/shop/carts"),
        (".github/workflows/release.yml", "builds", "images.shop.example/shop/orders"),
        (".github/workflows/release.yml", "builds", "images.shop.example/tools"),
        ("images.shop.example/shop/carts", "built_from", "services/carts"),
        ("images.shop.example/shop/orders", "built_from", "services/orders"),
        ("images.shop.example/tools", "built_from", "tools"),
    ]
    images = assets(facts, AssetKind.IMAGE)
    assert images["images.shop.example/shop/orders"].facts == {
        "dockerfile": "services/orders/Dockerfile",
        "context": "services/orders",
    }
    assert images["images.shop.example/shop/orders"].at == ".github/workflows/release.yml:20"


def test_one_name_for_several_images_names_none_of_them(tmp_path: Path) -> None:
    workflow = """
    on: push
    jobs:
      build:
        steps:
          - run: docker build -t shop/all:orders services/orders
          - run: docker build -t shop/all:carts services/carts
    """
    facts = list(extract(make(tmp_path, {".github/workflows/a.yml": workflow, **SERVICES})))
    assert [edge[2] for edge in edges(facts) if edge[1] == "builds"] == [
        "services/carts/Dockerfile",
        "services/orders/Dockerfile",
    ]


OTHERS = {
    ".gitlab-ci.yml": ("gitlab-ci", """
        include: [{template: Security/SAST.gitlab-ci.yml}, {local: /ci/more.yml}]
        variables: {IMAGE: images.shop.example/orders}
        build:
          stage: build
          image: docker:27
          script: ["docker build -t $IMAGE:$CI_COMMIT_SHA services/orders", "trivy image $IMAGE"]
        deploy: {stage: deploy, environment: production, script: ["helm upgrade --install shop ./chart", "echo $DEPLOY_TOKEN"]}
        .hidden: {script: ["docker build -t no ."]}
    """),
    "Jenkinsfile": ("jenkins", """
        pipeline {
          environment { IMAGE = 'images.shop.example/orders' }
          agent { docker { image 'maven:3' } }
          stages {
            stage('Build') { steps { sh 'docker build -t $IMAGE services/orders' } }
            stage("Deploy") { steps { withCredentials([string(credentialsId: 'deploy-token')]) { sh '''
              gitleaks detect
              helm upgrade --install shop ./chart
            ''' } } }
            // stage('Gone') { steps { sh 'docker build -t no .' } }
          }
        }
    """),
    "azure-pipelines.yml": ("azure-pipelines", """
        trigger: [main]
        stages:
          - stage: Build
            jobs:
              - job: Orders
                steps:
                  - task: Docker@2
                    inputs: {command: buildAndPush, repository: images.shop.example/orders, Dockerfile: services/orders/Dockerfile}
                  - script: semgrep ci
              - deployment: Shop
                environment: production
                strategy: {runOnce: {deploy: {steps: [{bash: "helm upgrade --install shop ./chart"}]}}}
    """),
    "bitbucket-pipelines.yml": ("bitbucket", """
        image: node:20
        pipelines:
          default:
            - step: {name: Build, script: ["docker build -t images.shop.example/orders services/orders", {pipe: "snyk/snyk-scan:1.0.0"}]}
            - step: {name: Deploy, deployment: production, script: ["helm upgrade --install shop ./chart"]}
    """),
    ".circleci/config.yml": ("circleci", """
        version: 2.1
        orbs: {node: circleci/node@5}
        jobs:
          build: {docker: [{image: "cimg/node:20"}], steps: [checkout, {run: "docker build -t images.shop.example/orders services/orders"}]}
          deploy: {steps: [{run: {name: x, command: "helm upgrade --install shop ./chart"}}]}
    """),
    ".drone.yml": ("drone", """
        kind: pipeline
        steps:
          - {name: build, image: "docker:27", commands: ["docker build -t images.shop.example/orders services/orders"]}
          - {name: deploy, image: helm, commands: ["helm upgrade --install shop ./chart"]}
    """),
    ".woodpecker/build.yml": ("woodpecker", """
        steps:
          - {name: build, image: docker, commands: ["docker build -t images.shop.example/orders services/orders", "helm upgrade --install shop ./chart"]}
    """),
    ".buildkite/pipeline.yml": ("buildkite", """
        steps:
          - {label: build, command: "docker build -t images.shop.example/orders services/orders"}
          - {label: deploy, commands: ["helm upgrade --install shop ./chart"]}
    """),
    ".travis.yml": ("travis", """
        script: ["docker build -t images.shop.example/orders services/orders"]
        after_success: ["helm upgrade --install shop ./chart"]
    """),
    "cloudbuild.yaml": ("cloud-build", """
        steps:
          - {id: build, name: gcr.io/x, script: "docker build -t images.shop.example/orders services/orders"}
          - {id: deploy, name: gcr.io/y, entrypoint: bash, args: ["-c", "helm upgrade --install shop ./chart"]}
    """),
    "buildspec.yml": ("codebuild", """
        phases:
          build: {commands: ["docker build -t images.shop.example/orders services/orders"]}
          post_build: {commands: ["helm upgrade --install shop ./chart"]}
    """),
    "tekton/pipeline.yaml": ("tekton", """
        apiVersion: tekton.dev/v1
        kind: Task
        metadata: {name: build}
        spec: {steps: [{image: docker, script: "docker build -t images.shop.example/orders services/orders\\nhelm upgrade --install shop ./chart\\n"}]}
    """),
}  # fmt: skip


@pytest.mark.parametrize("path", OTHERS)
def test_other_systems(path: str, tmp_path: Path) -> None:
    system, text = OTHERS[path]
    facts = list(extract(make(tmp_path, {path: text, **SERVICES})))
    (pipeline,) = assets(facts, AssetKind.PIPELINE).values()
    assert (pipeline.facts["system"], pipeline.ref.key.endswith(path)) == (system, True)
    assert [(each["tool"], each["paths"]) for each in pipeline.facts["deploys"]] == [("helm", ["chart"])]
    assert set(edges(facts)) == {
        (path, "builds", "images.shop.example/orders"), ("images.shop.example/orders", "built_from", "services/orders"),
    }  # fmt: skip


def test_what_else_other_systems_say(tmp_path: Path) -> None:
    found = assets(
        extract(make(tmp_path, {path: text for path, (_, text) in OTHERS.items()} | SERVICES)), AssetKind.PIPELINE
    )
    gitlab, jenkins, azure = (found[path].facts for path in (".gitlab-ci.yml", "Jenkinsfile", "azure-pipelines.yml"))
    assert gitlab["jobs"] == [
        {"name": "build", "stage": "build"},
        {"name": "deploy", "stage": "deploy", "environment": "production"},
    ]
    assert (gitlab["scanners"], gitlab["includes"], gitlab["secrets"]) == (
        ["gitlab-sast", "trivy"],
        ["ci/more.yml"],
        ["DEPLOY_TOKEN"],
    )
    assert ([job["name"] for job in jenkins["jobs"]], jenkins["secrets"], jenkins["images"]) == (
        ["Build", "Deploy"],
        ["deploy-token"],
        ["maven:3"],
    )
    assert jenkins["scanners"] == ["gitleaks"]
    assert ([job["name"] for job in azure["jobs"]], azure["environments"], azure["scanners"]) == (
        ["Orders", "Shop", "Build"],
        ["production"],
        ["semgrep"],
    )
    assert found["bitbucket-pipelines.yml"].facts["actions"][0]["name"] == "snyk/snyk-scan"
    assert found[".circleci/config.yml"].facts["actions"] == [
        {"name": "circleci/node", "version": "5", "pinned": False, "line": 1}
    ]


BUILDS = {
    "docker build -t a/b:1 .": ("a/b:1", ".", ""),
    "docker buildx build --platform linux/amd64 -f docker/api.Dockerfile --tag=a/b --push ./src": (
        "a/b",
        "src",
        "docker/api.Dockerfile",
    ),
    "cd src && podman build -t x .": ("x", "src", ""),
    "buildah bud -t x -f Containerfile src": ("x", "src", "Containerfile"),
    "/kaniko/executor --context dir://src --dockerfile=src/Dockerfile --destination=a/b:1": (
        "a/b:1",
        "src",
        "src/Dockerfile",
    ),
    "ko build ./cmd/api": ("", "cmd/api", ""),
    "pack build a/b --path src": ("a/b", "src", ""),
    "./mvnw package jib:build -Dimage=a/b": ("a/b", ".", ""),
    "gcloud builds submit --tag gcr.io/p/x src": ("gcr.io/p/x", "src", ""),
    "az acr build --registry shop --image api:1 src": ("shop.azurecr.io/api:1", "src", ""),
    "NAME=a/b; docker build -t $NAME .": ("a/b", ".", ""),
    "docker build -t ${OTHER:-a/c} https://code.example/x.git": ("a/c", ".", ""),
    "sudo docker build --build-arg A=b -q .": ("", ".", ""),
}
DEPLOYS = {
    "kubectl apply -f deploy/a.yaml -f deploy/b.yaml": ("kubectl", ("deploy/a.yaml", "deploy/b.yaml"), "", ""),
    "kubectl apply -k overlays/prod": ("kubectl", ("overlays/prod",), "", ""),
    "kustomize build overlays/prod | kubectl apply -f -": ("kubectl", ("overlays/prod",), "", ""),
    "kubectl set image deployment/orders orders=a/b:2": ("kubectl", (), "deployment/orders", "a/b:2"),
    "helm upgrade --install --namespace x orders ./charts/orders": ("helm", ("charts/orders",), "x", ""),
    "cd infra; tofu apply": ("tofu", ("infra",), "", ""),
    "aws ecs update-service --cluster c --service orders": ("aws ecs", (), "orders", ""),
    "aws lambda update-function-code --function-name=f --image-uri i:1": ("aws lambda", (), "f", "i:1"),
    "aws cloudformation deploy --template-file stack.yaml --stack-name s": ("aws cloudformation", ("stack.yaml",), "s", ""),
    "gcloud run deploy orders --image gcr.io/p/x": ("gcloud run", (), "orders", "gcr.io/p/x"),
    "az containerapp update -n orders --image a/b": ("az containerapp", (), "orders", "a/b"),
    "docker stack deploy -c compose.yml shop": ("docker stack", ("compose.yml",), "shop", ""),
    "sam deploy": ("sam", ("template.yaml",), "", ""),
    "serverless deploy": ("serverless", ("serverless.yml",), "", ""),
    "flyctl deploy": ("flyctl", (".",), "", ""),
    "argocd app sync orders": ("argocd", (), "orders", ""),
    "ansible-playbook site.yml": ("ansible", ("site.yml",), "", ""),
}  # fmt: skip


@pytest.mark.parametrize("command", BUILDS)
def test_commands_that_build(command: str) -> None:
    (built,) = read_commands(Step(command))
    assert isinstance(built, Built)
    assert (built.image, built.context, built.dockerfile) == BUILDS[command]


@pytest.mark.parametrize("command", DEPLOYS)
def test_commands_that_deploy(command: str) -> None:
    (deployed,) = read_commands(Step(command))
    assert isinstance(deployed, Deployed)
    tool, paths, target, image = DEPLOYS[command]
    assert (deployed.tool, deployed.paths, deployed.image) == (tool, paths, image)
    assert deployed.target == target or tool == "helm"


@pytest.mark.parametrize(
    "command",
    [
        "echo docker build",
        "kustomize build x",
        "terraform plan",
        "kubectl get pods",
        "docker push x",
        "# docker build .",
        "kubectl apply -f -",
        "'",
    ],
)
def test_commands_that_do_neither(command: str) -> None:
    assert list(read_commands(Step(command))) == []


def test_lines_and_folders_of_commands() -> None:
    found = list(
        read_commands(Step("cd a\ndocker build -t x \\\n  .\ncd b\ndocker build -t y .\n", line=10, folder="top"))
    )
    assert [(each.image, each.context) for each in found if isinstance(each, Built)] == [
        ("x", "top/a"),
        ("y", "top/a/b"),
    ]
    assert found[0].line == 11


def test_variables() -> None:
    assert fill("${{ env.A }}/$B/${C:-c}/${{ secrets.X }}", {"env.A": "a", "B": "b"}) == "a/b/c/${secrets_X}"
    assert fill("$A", {"A": "$A$A"}).count("$A") <= 8


def test_scanners_are_commands_not_parts_of_words() -> None:
    assert scanners_in(
        "trivy fs .\n# semgrep\nsnyk-ish\nnpm audit --json\npip install bandit\nbandit -r x\nzapper"
    ) == ["trivy", "npm audit", "bandit"]


def test_spoiled_pipelines_end_nothing(tmp_path: Path) -> None:
    whole = {path: text for path, (_, text) in OTHERS.items()} | {".github/workflows/a.yml": WORKFLOW} | SERVICES
    for way, files in spoiled(whole):
        assert all(each is not None for each in extract(make(tmp_path / way.replace(" ", "_"), files)))


def test_a_workflow_of_nonsense(tmp_path: Path) -> None:
    nonsense = """
    on: [1, {a: b}, null]
    env: [x]
    permissions: 7
    jobs:
      a: {steps: {x: y}, runs-on: 5, strategy: {matrix: {include: 7, x: [[1], {y: {z: 1}}]}}}
      b: {steps: [5, null, {run: 7, uses: [x], with: z}], environment: [1], needs: {a: b}, container: 5, services: 5}
      c: [1]
      d: {steps: [{run: "docker build -t ${{ matrix.x.y.z }} ."}], strategy: {matrix: {x: "${{ fromJSON(a) }}"}}}
    """
    (pipeline,) = assets(extract(make(tmp_path, {".github/workflows/a.yml": nonsense})), AssetKind.PIPELINE).values()
    assert [job["name"] for job in pipeline.facts["jobs"]] == ["a", "b", "d"]
