#!/bin/sh
# Brings AgOS up on this machine and keeps it up, behind a proxy that ends TLS. As root, from a checkout, with the
# packages of cloud-init.yaml. Where it stopped, mend what it says and run it again.
set -eu
if [ $# -ne 3 ] || [ "$1" = "$2" ]; then
  echo "usage: set-up.sh API_HOST FILES_HOST SCANNER_CONTACT, the two hosts apart" >&2
  exit 2
fi
api=$1 files=$2 contact=$3
for name in "$api" "$files"; do
  case $name in
    '' | *[!a-z0-9.-]* | example.com | *.example.com)
      echo "set-up.sh: \"$name\" is not a host name of yours, in small letters" >&2
      exit 2
      ;;
  esac
done
case $contact in
  '' | example.com* | *[/@.]example.com*)
    echo "set-up.sh: \"$contact\" answers nobody who asks about the scanner" >&2
    exit 2
    ;;
esac

cd "$(dirname "$0")/../.."
[ -e .env ] || deploy/host/fill-env.sh "https://$api" "https://$files" "$contact"
for line in "AGOS_PUBLIC_URL=https://$api" "AGOS_ASSETS_URL=https://$files" "AGOS_SCANNER_CONTACT=$contact"; do
  if ! grep -qxF "$line" .env; then
    echo "set-up.sh: .env has another ${line%%=*}: change it there first" >&2
    exit 1
  fi
done
# Caddy reaches the API through Docker, which takes a network of these for it; nobody outside does (outside.nft).
grep -q '^AGOS_TRUSTED_PROXIES=' .env || echo "AGOS_TRUSTED_PROXIES=172.16.0.0/12,192.168.0.0/16" >>.env

cp deploy/host/outside.nft /etc/agos-outside.nft
cp deploy/host/agos-outside.service /etc/systemd/system/agos-outside.service
systemctl enable --now agos-outside

# The codec's address holds its token, so no address goes into the log.
cat >/etc/caddy/Caddyfile <<CADDY
{
	log default {
		format filter {
			wrap json
			fields {
				request>uri delete
			}
		}
	}
}
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

# cloud-init sets no HOME, where Docker keeps its builder.
export HOME="${HOME:-/root}"
docker compose up --detach --build --wait

echo "AgOS is up. Copy $PWD/.env to another place: without its keys nobody reads what is stored."
echo "The first tenant: cd $PWD && docker compose run --rm migrate node src/cli/agos.mjs tenant create NAME"
