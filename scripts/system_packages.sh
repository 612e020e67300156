# Debian packages of apt-packages.txt; read by the set-up scripts, from the project's root.

# Those that it lists for this verb and that are not installed yet.
missing_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    sed -n "s/^\([a-z0-9.+-]*\)  *# $1:.*/\1/p" apt-packages.txt | while read -r package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
    done
}

install_packages() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "System packages: installing $*"
        log=$(mktemp)
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
            >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; return 1; }
        rm -f "$log"
    else
        return 1
    fi
}
