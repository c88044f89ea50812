# Shared by the scripts: where things live, how they speak. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${SVOD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/svod}
# One target folder for every clone of this machine: a second clone builds warm.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/svod/target}
export PATH=$PATH:$cache/tools/bin
# A script's child must never wait for a person.
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false

say() { if [ -t 2 ]; then printf '\033[1m%s\033[0m\n' "$*" >&2; else printf '%s\n' "$*" >&2; fi; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# npm packages of a folder, only when its lock file changed since the last time.
npm_packages() {
    local stamp=$root/$1/node_modules/.svod-lock
    cmp -s "$root/$1/package-lock.json" "$stamp" && return
    say "npm: packages of $1/ (package-lock.json changed or first time)"
    (cd "$root/$1" && npm ci --prefer-offline --no-progress --loglevel=error)
    cp "$root/$1/package-lock.json" "$stamp"
}

# True when nothing under the given paths (files and folders, so that a removal shows too) is newer than the stamp.
fresh() {
    local stamp=$1; shift
    [ -e "$stamp" ] || return 1
    [ -z "$(cd "$root" && find "$@" \( -name node_modules -o -name target \) -prune -o -newer "$stamp" -print -quit 2>/dev/null)" ]
}
