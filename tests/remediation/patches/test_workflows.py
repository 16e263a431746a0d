"""Workflows."""

from __future__ import annotations

from .made import becomes, refused

PATH = ".github/workflows/ci.yml"
WORKFLOW = """\
name: ci
on: push
permissions: write-all # all

jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v3
      - uses: other/thing/sub@v1.2 # keep
      - name: Say
        run: echo "Tested ${{ github.event.pull_request.title }} on" ${{ github.head_ref }}
      - run: |
          echo "${{ github.event.comment.body }}"
          ls
"""
COMMIT = "1" * 40


def test_rights_are_taken() -> None:
    becomes(
        PATH,
        WORKFLOW,
        "permissions: write-all # all",
        "permissions:\n  contents: read # all",
        "zizmor zizmor/excessive-permissions",
    )
    without = WORKFLOW.replace("permissions: write-all # all\n\n", "")
    becomes(PATH, without, "jobs:\n", "permissions:\n  contents: read\n\njobs:\n", "checkov CKV2_GHA_1")
    refused(
        PATH, WORKFLOW + "        env: {T: '${{ secrets.GITHUB_TOKEN }}'}\n", "uses its token", "checkov CKV2_GHA_1"
    )
    refused(PATH, WORKFLOW.replace("write-all", "{contents: write}"), "move each", "checkov CKV2_GHA_1")


def test_credentials_are_not_left() -> None:
    new = "actions/checkout@v3\n        with:\n          persist-credentials: false\n"
    becomes(PATH, WORKFLOW, "actions/checkout@v3\n", new, "zizmor zizmor/artipacked", 9)
    told = WORKFLOW.replace("checkout@v3\n", "checkout@v3\n        with:\n          persist-credentials: true\n")
    becomes(PATH, told, "persist-credentials: true", "persist-credentials: false", "zizmor artipacked", 9)
    refused(
        PATH,
        WORKFLOW.replace("          ls\n", "          git push\n"),
        "speaks with the repository",
        "zizmor artipacked",
        9,
    )


def test_action_is_pinned() -> None:
    becomes(
        PATH,
        WORKFLOW,
        "checkout@v3",
        f"checkout@{COMMIT} # v3",
        "zizmor zizmor/unpinned-uses",
        9,
        **{"commit__actions/checkout@v3": COMMIT},
    )
    becomes(
        PATH,
        WORKFLOW,
        "sub@v1.2 # keep",
        f"sub@{COMMIT} # keep",
        "semgrep third-party-action-not-pinned-to-commit-sha",
        10,
        **{"commit__other/thing@v1.2": COMMIT},
    )
    refused(PATH, WORKFLOW, "has to be given", "zizmor unpinned-uses", 9)


def test_text_comes_in_variables() -> None:
    old = '        run: echo "Tested ${{ github.event.pull_request.title }} on" ${{ github.head_ref }}\n'
    new = (
        "        env:\n          PULL_REQUEST_TITLE: ${{ github.event.pull_request.title }}\n          HEAD_REF: ${{ github.head_ref }}\n"
        '        run: echo "Tested ${PULL_REQUEST_TITLE} on" "${HEAD_REF}"\n'
    )
    becomes(PATH, WORKFLOW, old, new, "zizmor zizmor/template-injection", 12)
    block = '      - run: |\n          echo "${{ github.event.comment.body }}"\n'
    moved = '      - env:\n          COMMENT_BODY: ${{ github.event.comment.body }}\n        run: |\n          echo "${COMMENT_BODY}"\n'
    becomes(PATH, WORKFLOW, block, moved, "checkov CKV_GHA_2", 14)


def test_text_is_refused_where_it_is_not_sure() -> None:
    finding = "zizmor template-injection"
    refused(PATH, WORKFLOW.replace("ubuntu-latest", "windows-2022"), "another shell", finding, 14)
    refused(PATH, WORKFLOW.replace("ubuntu-latest", "self-hosted"), "another shell", finding, 14)
    refused(
        PATH,
        WORKFLOW.replace('"${{ github.event.comment.body }}"', "'${{ github.event.comment.body }}'"),
        "single quotes",
        finding,
        14,
    )
    refused(
        PATH,
        WORKFLOW.replace("github.event.comment.body", "format('{0}', github.ref)"),
        "computes|nothing",
        finding,
        14,
    )
    refused(PATH, WORKFLOW.replace("          ls\n", "          cat <<END\n          END\n"), "not edited", finding, 14)
