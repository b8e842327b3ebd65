#!/usr/bin/env bash
# Nothing in the repository that should not be there: secrets, conflict markers, pending snapshots, unfinished code, big files, links to
# files that do not exist.
set -euo pipefail
faults=0
# Reports what a search finds. Arguments: what it is, pathspec …; the pattern comes from `pattern`.
forbid() {
  local what="$1"
  shift
  if git grep -nIE -e "$pattern" -- "$@" ':!.ci/leftovers.sh' ':!Cargo.lock'; then
    echo "^ $what" >&2
    faults=1
  fi
}
pattern='^(<{7}|>{7}) '
forbid 'conflict marker' .
pattern='-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abpr]-[0-9A-Za-z-]{20}|npm_[A-Za-z0-9]{36}'
forbid 'looks like a secret' .
pattern='(TODO|FIXME|XXX)([^(]|$)'
forbid 'write TODO(#issue)' 'src/*' 'web/src/*' 'web/tests/*' 'tests/*.rs' 'scripts/*' '.ci/*' Makefile
pattern='(^|[^a-z_])(dbg|todo|unimplemented)!\('
forbid 'unfinished code' 'src/*.rs' 'tests/*.rs'

if git ls-files -co --exclude-standard | grep -E '\.(snap\.new|pending-snap|orig|rej|tmp)$'; then
  echo '^ left over from a tool' >&2
  faults=1
fi
# The encoder's weights are the one big thing that belongs here.
while IFS= read -r file; do
  if [ -f "$file" ] && [ "$(wc -c < "$file")" -gt 2000000 ]; then
    echo "$file is bigger than 2 MB" >&2
    faults=1
  fi
done < <(git ls-files -- . ':!models/*/model.safetensors' ':!models/*/tokenizer.json')

# Relative links of the documents.
while IFS= read -r page; do
  folder=$(dirname "$page")
  while IFS= read -r target; do
    case "$target" in *:*) continue ;; esac
    if [ ! -e "$folder/$target" ]; then
      echo "$page links to $target, which is not there" >&2
      faults=1
    fi
  done < <(grep -oE '\]\([^)# ]+' "$page" | sed 's/^](//')
done < <(git ls-files -co --exclude-standard -- '*.md' ':!knowledge/demo/*/entries/*')

# Scripts that do not parse are found before they are needed.
for script in scripts/*.sh .ci/*.sh .ci/run; do bash -n "$script" || faults=1; done
exit "$faults"
