# Shared by scripts/*: source it, do not run it. Needs bash.
# shellcheck shell=bash

RMQHA_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly RMQHA_ROOT

# What building takes: compiler, tools, and the libraries CONTRIBUTING.md agrees on.
# shellcheck disable=SC2034 # for those who source this
readonly -a RMQHA_BUILD_PACKAGES=(
    g++ cmake ninja-build ccache mold pkg-config
    librabbitmq-dev libcurl4-openssl-dev libcli11-dev nlohmann-json3-dev libfmt-dev libtomlplusplus-dev libpcre2-dev libssl-dev catch2
    libmicrohttpd-dev scdoc
)

# What the live tests take besides: those who are served. They run as processes of the tests, never as services.
# shellcheck disable=SC2034
readonly -a RMQHA_LIVE_PACKAGES=(haproxy prometheus prometheus-alertmanager)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    say "error: $*"
    exit 69
}

# Runs a command as root: directly, or through sudo without ever waiting for a password on a pipe.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        if [ -t 0 ] || [ -t 2 ]; then sudo -- "$@"; else sudo -n -- "$@"; fi
    else
        die "\"$1\" needs root: run as root, or install sudo"
    fi
}

package_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages() {
    local package
    for package in "$@"; do
        package_installed "$package" || printf '%s\n' "$package"
    done
}

# Installs what is missing of the named packages; does nothing, and needs no root, when nothing is.
#
# rabbitmq-server starts a broker as a system service the moment it is installed, and at every boot from then on; haproxy,
# prometheus and its alertmanager do likewise. We want their files only: while we install them, policy-rc.d (the switch
# every Debian package asks before starting a service) says no, and afterwards the service is disabled. What was installed
# before us is none of our business: its package is not missing, so it is neither stopped nor touched.
install_packages() {
    local -a missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -eq 0 ] && return 0
    say "installing ${missing[*]}"
    as_root apt-get update -qq >&2 || say "warning: apt-get update failed; trying with the lists at hand"
    as_root env DEBIAN_FRONTEND=noninteractive bash -s -- "${missing[@]}" >&2 <<'ROOT' || die "cannot install ${missing[*]}"
set -eu
policy=/usr/sbin/policy-rc.d
kept=
quiet_services=()
for package in "$@"; do
    case $package in rabbitmq-server | haproxy | prometheus | prometheus-alertmanager) quiet_services+=("$package.service") ;; esac
done
restore() {
    [ ${#quiet_services[@]} -gt 0 ] || return 0
    rm -f "$policy"
    if [ -n "$kept" ]; then mv -f "$kept" "$policy"; fi
    if [ -d /run/systemd/system ]; then systemctl disable "${quiet_services[@]}" >/dev/null 2>&1 || true; fi
}
trap restore EXIT
if [ ${#quiet_services[@]} -gt 0 ]; then
    if [ -e "$policy" ] || [ -L "$policy" ]; then
        kept=$policy.before-rmqha
        mv -f "$policy" "$kept"
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 0755 "$policy"
fi
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" </dev/null
ROOT
}

# Configures and builds a preset (dev, release, asan, tsan): build_preset PRESET [cmake cache options…].
build_preset() {
    local preset=$1
    shift
    say "building (preset $preset)"
    (cd "$RMQHA_ROOT" && cmake --preset "$preset" "$@" >&2 && cmake --build --preset "$preset" >&2) </dev/null
}
