# Prints what zsh offers for each of these lines, and --- after each. The completion is in this directory.
# zsh completes only what is typed at a terminal: another zsh behind a pseudo-terminal has its `compadd` write down
# what it is given.
zmodload zsh/zpty
offered=$PWD/offered
zpty inner zsh -f -i
tell() { zpty -w inner "$1" }
tell "PS1=; fpath=($PWD \$fpath); autoload -Uz compinit; compinit -u -D"
tell "compadd() { local -a found; builtin compadd -A found \"\$@\"; (( \$#found )) && print -rl -- \$found >> $offered; builtin compadd \"\$@\" }"
tell "over() { print -r -- @@over >> $offered }"
tell 'before() { compprefuncs=(before); comppostfuncs=(over) }; before; bindkey "^I" complete-word; print ready-$((1 + 1))'
zpty -r inner out '*ready-2*'
for line in "$@"; do
  : > $offered
  zpty -w -n inner "$line"$'\t'
  for i in {1..400}; do
    grep -q @@over $offered && break
    zpty -r -t inner out
    sleep 0.02
  done
  grep -v @@over $offered
  print -r -- ---
  # Away with the line, and with the list below it.
  zpty -w -n inner $'\C-u'
done
zpty -d inner
