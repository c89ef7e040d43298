#!/bin/sh
# render.sh TEMPLATE... NAME=value...
# Writes the templates to stdout, one after the other, with each @NAME@ replaced by its value (one line each).
# Fails when a template asks for a name that was not given, or when a name is given that no template asks for.
set -eu

templates=
pairs=
for argument in "$@"; do
  case $argument in
    *=*) pairs="$pairs$argument
" ;;
    *) templates="$templates $argument" ;;
  esac
done

# Word splitting is wanted below: template paths are the project's own and hold no blanks.
# shellcheck disable=SC2086
asked=$(cat $templates | grep -v '^#' | grep -o '@[A-Z][A-Z_]*@' | tr -d @ | sort -u)
given=$(printf '%s' "$pairs" | sed 's/=.*//' | sort -u)
if [ "$asked" != "$given" ]; then
  echo "render.sh: $templates" >&2
  echo "  ask for:" $asked >&2
  echo "  given:  " $given >&2
  exit 1
fi
script=$(printf '%s' "$pairs" | sed -e 's/[\\&|]/\\&/g' -e 's/^\([A-Z_]*\)=\(.*\)$/s|@\1@|\2|g/')
# shellcheck disable=SC2086
cat $templates | sed -e "$script"
