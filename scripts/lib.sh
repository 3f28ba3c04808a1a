# shellcheck shell=bash
# What the other scripts share: seeing what is missing, and installing it where that is possible.
# Sourced, never run. Each `need_*` looks first, so that a machine which has everything is not
# touched, and needs no network.

missing_packages=() # Debian packages
missing_words=()    # the same for people, on any system
beyond_apt=false    # whether something is among it that apt has not

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# missing WORDS [PACKAGE…]: notes what is missing. Without packages, apt can't help.
missing() {
  missing_words+=("$1")
  missing_packages+=("${@:2}")
  if [ "$#" -eq 1 ]; then beyond_apt=true; fi
}

need_rust() {
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  # A shell that is older than the installation of rustup does not have it in its PATH yet.
  have cargo || PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
  if ! have cargo || ! have rustc; then
    die "Rust is missing: synmon needs $wanted or newer. Install rustup, as https://rustup.rs says; then run this again."
  fi
  found=$(rustc --version | cut -d ' ' -f 2)
  # A distribution's own Rust is often older. Sorted, what is wanted must come first.
  [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ] ||
    die "Rust $found is too old: synmon needs $wanted or newer. With rustup: rustup update stable"
}

# SQLite and the cryptography are C; neither needs cmake or C++ on the usual systems.
need_c_compiler() {
  # The headers are a package of their own, so that `cc` alone says nothing.
  echo '#include <stdlib.h>' | "${CC:-cc}" -fsyntax-only -x c - 2>/dev/null ||
    missing 'a C compiler (cc) with the C library headers' gcc libc6-dev
}

# A program that is no stub for a snap: a snap can't see the profile folders that synmon makes.
real_program() {
  local path
  path=$(command -v "$1" 2>/dev/null) || return 1
  case $path in /snap/*) return 1 ;; esac
  [[ $(head -c 2000 "$path" | tr -d '\0') != */snap/bin/* ]]
}

any_program() {
  local name
  for name in "$@"; do
    if real_program "$name"; then return 0; fi
  done
  return 1
}

is_ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; }

need_browser() {
  local chromium=(chromium chromium-driver fonts-liberation)
  if is_ubuntu; then chromium=(); fi # Its packages are such stubs.
  [ -x "${SYNMON_CHROMIUM:-}" ] ||
    any_program chromium chromium-browser google-chrome google-chrome-stable chrome ||
    missing 'Chromium or Chrome' "${chromium[@]}"
  [ -x "${SYNMON_CHROMEDRIVER:-}" ] || any_program chromedriver ||
    missing 'chromedriver' "${chromium[@]}"
  # Runs take half the time in it; Ubuntu has no package of it.
  if grep -qs '^ID=debian' /etc/os-release; then need_headless_shell; fi
}

# The program itself, past the script that adds arguments and stays its parent.
chromium_program() {
  local path
  for path in "${SYNMON_CHROMIUM:-}" /usr/lib/chromium/chromium /opt/google/chrome/chrome; do
    if [ -x "$path" ]; then
      printf '%s\n' "$path"
      return
    fi
  done
  command -v chromium || command -v google-chrome
}

# Chromium without windows, which is a program of its own.
headless_shell() {
  local path
  for path in /usr/lib/chromium/chromium-headless-shell /usr/lib/chromium/headless_shell; do
    if [ -x "$path" ]; then
      printf '%s\n' "$path"
      return
    fi
  done
  command -v chromium-headless-shell || command -v chrome-headless-shell
}

need_headless_shell() {
  headless_shell >/dev/null || missing 'chromium-headless-shell' chromium-headless-shell
}

# The peers of the benchmark are programs of Node, which asks for 18 at least.
need_node() {
  have npm && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' 2>/dev/null ||
    missing 'Node 18 or newer with npm' nodejs npm
}

# Tests start clusters of their own; nothing has to run.
need_postgres() {
  if have initdb; then return 0; fi
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
    missing "PostgreSQL's server programs (initdb, postgres)" postgresql
}

# Tests send their letters to it. It is looked for where the tests look.
need_smtp_sink() {
  /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null ||
    missing 'aiosmtpd for /usr/bin/python3' python3-aiosmtpd
}

# scripts/fuzz installs what it needs into an environment of its own.
need_fuzzer() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing "Python's venv module" python3-venv
}

# Some tests give processes wrong clocks. It is looked for where the tests look.
need_faketime() {
  compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null ||
    compgen -G '/usr/lib*/faketime/libfaketimeMT.so.1' >/dev/null ||
    missing 'libfaketime' faketime
}

# Installs what the `need_*` before it missed, or says what it is and ends.
install_missing() {
  if [ "${#missing_words[@]}" -eq 0 ]; then return 0; fi
  say "missing: $(printf '%s; ' "${missing_words[@]}" | sed 's/; $//')"
  local packages as_root=()
  read -ra packages <<<"$(printf '%s\n' "${missing_packages[@]}" | sort -u | tr '\n' ' ')"
  have apt-get || die 'there is no apt-get here: install them with what your system has, then run this again'
  # Said before anything is installed: half of it would not do.
  if "$beyond_apt"; then
    die "Ubuntu's own Chromium is a snap, which can't be used here. Install Google Chrome's .deb and the chromedriver of the same version, or name a WebDriver endpoint in SYNMON_WEBDRIVER_URL${packages[*]:+; and as root, run: apt-get install ${packages[*]}}"
  fi
  local line="apt-get install --no-install-recommends ${packages[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    # sudo may ask for a password only where somebody is there to type it.
    if ! have sudo || { [ ! -t 0 ] && ! sudo -n true 2>/dev/null; }; then
      die "as root, run: apt-get update && $line"
    fi
    as_root=(sudo)
  fi
  say "$line"
  "${as_root[@]}" apt-get update -qq || say 'the package lists are not up to date; trying all the same'
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2 ||
    die "that failed; as root, run: apt-get update && $line"
}
