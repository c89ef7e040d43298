#!/bin/sh
# Renders Dovecot's configuration from the environment and becomes the command that is given. `users` and `masters`
# of the site are in $ETC already.
set -eu
cd "$(dirname "$0")/.."
mkdir -p "$ETC" "$RUN" "$MAIL"
chown "$MAIL_UID:$MAIL_GID" "$MAIL"
cp dovecot/acl "$ETC/acl"
sh render-env.sh dovecot/dovecot.conf dovecot/tls.conf > "$ETC/dovecot.conf"
exec "$@"
