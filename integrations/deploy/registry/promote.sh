#!/bin/sh
# Copies an image from one registry to another where Seamark allows it.
#
#   SEAMARK_URL=https://seamark.example SEAMARK_TOKEN=smk_… promote.sh FROM@sha256:DIGEST TO[:TAG] [ENVIRONMENT]
#
# The very digest that was decided about is copied, by `crane` or `skopeo`. Exit codes: 0 promoted, 1 refused, 2 not decided.
set -eu

die() {
  echo "promote: $1" >&2
  exit 2
}

[ $# -ge 2 ] || die "usage: promote.sh FROM@sha256:DIGEST TO[:TAG] [ENVIRONMENT]"
from=$1 to=$2 environment=${3:-production}
: "${SEAMARK_URL:?is not set}" "${SEAMARK_TOKEN:?is not set}"

# Only what can stand in a reference and in JSON without quoting.
case $from$to$environment in
  *[!A-Za-z0-9._:/@-]*) die "a name has characters that no image has" ;;
esac
case $from in
  *@sha256:????????????????????????????????????????????????????????????????) ;;
  *) die "$from names no digest; a tag may be another image tomorrow" ;;
esac

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
# The token stands in a file of curl's own on its standard input, not among the arguments that everybody sees.
status=$(
  printf 'header = "Authorization: Bearer %s"\n' "$SEAMARK_TOKEN" |
    curl --silent --show-error --max-time 60 --retry 3 --config - --output "$answer" --write-out '%{http_code}' \
      -H 'Content-Type: application/json' \
      --data-binary "{\"subject\": {\"image\": \"$from\"}, \"environment\": \"$environment\"}" \
      "$SEAMARK_URL/api/v1/decisions?enforce=true"
) || die "Seamark does not answer"

case $status in
  200) ;;
  409)
    cat "$answer" >&2
    echo >&2
    exit 1
    ;;
  *)
    cat "$answer" >&2
    die "Seamark answered $status"
    ;;
esac

if command -v crane >/dev/null 2>&1; then
  crane copy "$from" "$to"
elif command -v skopeo >/dev/null 2>&1; then
  skopeo copy --all --preserve-digests "docker://$from" "docker://$to"
else
  die "neither crane nor skopeo is installed"
fi
echo "promoted $from to $to"
