#!/bin/sh
# Makes .env of .env.example, with new secrets. Where .env is already, it is left alone: its keys open what is stored.
set -eu
if [ $# -ne 3 ]; then
  echo "usage: fill-env.sh PUBLIC_URL ASSETS_URL SCANNER_CONTACT" >&2
  exit 2
fi
# Compose reads quotes, blanks and dollar signs in .env in a way of its own.
for value; do
  case $value in
    '' | *[!A-Za-z0-9.:/@_+~-]*)
      echo "fill-env.sh: \"$value\" may have letters, digits and . : / @ _ + ~ - only" >&2
      exit 2
      ;;
  esac
done

cd "$(dirname "$0")/../.."
if [ -e .env ]; then
  echo "fill-env.sh: .env is there; remove it yourself if nothing was ever stored with its keys" >&2
  exit 1
fi
umask 077
while IFS= read -r line; do
  case $line in
    AGOS_PUBLIC_URL=) value=$1 ;;
    AGOS_ASSETS_URL=) value=$2 ;;
    AGOS_SCANNER_CONTACT=) value=$3 ;;
    AGOS_PAYLOAD_KEYS=) value=k1:$(openssl rand -base64 32) ;;
    AGOS_SIGNING_SECRET=) value=$(openssl rand -hex 32) ;;
    S3_ACCESS_KEY_ID=) value=$(openssl rand -hex 10) ;;
    [A-Z]*=) value=$(openssl rand -hex 24) ;;
    *) value= ;;
  esac
  printf '%s%s\n' "$line" "$value"
done <.env.example >.env.new
mv .env.new .env
