#!/bin/sh
# render-env.sh TEMPLATE...
# render.sh with the values of the environment: each @NAME@ becomes what the variable NAME says. Fails where one is
# not set. Run in this directory; the servers' images start with it.
set -eu

# Word splitting is wanted: template paths are the project's own and hold no blanks.
names=$(cat "$@" | grep -v '^#' | grep -o '@[A-Z][A-Z_]*@' | tr -d @ | sort -u)
for name in $names; do
  eval "value=\${$name?not set}"
  set -- "$@" "$name=$value"
done
exec sh render.sh "$@"
