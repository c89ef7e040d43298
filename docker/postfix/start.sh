#!/bin/sh
# Renders Postfix's configuration from the environment and becomes the command that is given.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$ETC" "$QUEUE" "$DATA"
chown postfix "$DATA"
sh render-env.sh postfix/main.cf postfix/lmtp.cf postfix/tls.cf > "$ETC/main.cf"
sh render-env.sh postfix/master.cf > "$ETC/master.cf"
exec "$@"
