#!/usr/bin/env bash
# Completion scripts in their shells, and the man page in its reader.
set -euo pipefail
out="$WORK/shells"
rm -rf "$out" && mkdir -p "$out"
for shell in bash zsh fish; do "$BINARY" completions "$shell" >"$out/completions.$shell"; done
bash -c "source '$out/completions.bash' && complete -p secure-lint" >/dev/null
zsh -f -c "autoload -U compinit && compinit -D -d '$out/dump' && source '$out/completions.zsh' && [[ \$_comps[secure-lint] == _secure-lint ]]"
fish --no-config -c "source '$out/completions.fish'; complete --do-complete 'secure-lint ch'" | grep -q '^check'
"$BINARY" man >"$out/secure-lint.1"
messages="$(groff -man -Tutf8 -ww -z "$out/secure-lint.1" 2>&1)"
[[ -z "$messages" ]] || { echo "$messages"; exit 1; }
groff -man -Tutf8 "$out/secure-lint.1" | grep -q "require-complete"
echo "bash, zsh, fish, man"
