# Installs what a script needs and the machine lacks. Sourced by the run scripts:
#
#   need cmake cmake                              # a command, and the Debian package that brings it
#   need eigen3/Eigen/Core libeigen3-dev          # a header (a name with a slash or a dot), likewise
#   want nlohmann/json.hpp nlohmann-json3-dev     # the same for what the script can do without, where it can't install
#   install_needed                                # one apt run for all that is missing; none if nothing is
#
# `have NAME` answers the question alone. Headers are looked for in /usr/include, /usr/local/include and below
# CMAKE_PREFIX_PATH; a path that starts with / is looked for as it is.

needed_packages=()

say() { printf '%s\n' "$*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

have() {
  case $1 in
    /*) [ -e "$1" ] ;;
    */* | *.*) have_header "$1" ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

have_header() {
  local prefix
  for prefix in /usr /usr/local $(printf '%s' "${CMAKE_PREFIX_PATH:-}" | tr ':;' '  '); do
    if [ -e "$prefix/include/$1" ]; then return 0; fi
  done
  return 1
}

need() {
  have "$1" || needed_packages+=("$2")
}

# apt-get as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

want() {
  if can_install; then need "$@"; fi
}

can_install() {
  have apt-get && { [ "$(id -u)" = 0 ] || have sudo; }
}

install_needed() {
  if [ ${#needed_packages[@]} = 0 ]; then return 0; fi
  local wanted="${needed_packages[*]}"
  have apt-get || die "This machine lacks what these Debian packages bring, and has no apt-get: $wanted"
  if [ "$(id -u)" != 0 ] && ! have sudo; then
    die "These packages are missing, and installing them needs root or sudo: apt-get install $wanted"
  fi
  say "Installing what is missing: $wanted"
  local log
  log=$(mktemp)
  if ! apt_install "$log" && ! { sleep 5 && apt_install "$log"; }; then
    cat "$log" >&2
    rm -f "$log"
    die "apt-get could not install: $wanted"
  fi
  rm -f "$log"
  needed_packages=()
}

apt_install() {
  {
    as_root apt-get update &&
      as_root apt-get install -y --no-install-recommends "${needed_packages[@]}"
  } >"$1" 2>&1
}
