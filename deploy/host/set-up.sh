#!/bin/sh
# Brings AgOS up on this machine and keeps it up, behind a proxy that ends TLS. As root, from a checkout, with the
# packages of cloud-init.yaml. To change a host name, edit .env and run it again with both names.
set -eu
if [ $# -ne 3 ]; then
  echo "usage: set-up.sh API_HOST FILES_HOST SCANNER_CONTACT" >&2
  exit 2
fi
api=$1 files=$2 contact=$3
for name in "$api" "$files"; do
  case $name in
    '' | *[!a-z0-9.-]* | *example.com)
      echo "set-up.sh: \"$name\" is not a host name of yours, in small letters" >&2
      exit 2
      ;;
  esac
done

cd "$(dirname "$0")/../.."
if [ ! -e .env ]; then
  deploy/host/fill-env.sh "https://$api" "https://$files" "$contact"
  # Caddy reaches the API through Docker, which takes a network of these for it. The ports are on loopback.
  echo "AGOS_TRUSTED_PROXIES=172.16.0.0/12,192.168.0.0/16" >>.env
fi
# cloud-init sets no HOME, where Docker keeps its builder.
export HOME="${HOME:-/root}"
docker compose up --detach --build --wait

cat >/etc/caddy/Caddyfile <<CADDY
$api {
	reverse_proxy 127.0.0.1:8080
}
$files {
	reverse_proxy 127.0.0.1:8081
}
CADDY
systemctl reload-or-restart caddy

cat >/etc/cron.daily/agos-files-sweep <<CRON
#!/bin/sh
cd "$PWD" && exec docker compose run --rm --no-deps -T migrate node src/cli/agos.mjs files sweep >/dev/null
CRON
chmod 755 /etc/cron.daily/agos-files-sweep

echo "AgOS is up. Copy $PWD/.env to another place: without its keys nobody reads what is stored."
echo "The first tenant: cd $PWD && docker compose run --rm migrate node src/cli/agos.mjs tenant create NAME"
