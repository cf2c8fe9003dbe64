# Sourced by the scripts: makes a virtual environment and installs this project into it.

find_python() {
    local name
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Python 3.11 or later is needed and was not found; set PYTHON to one." >&2
    return 1
}

# make_environment FOLDER REQUIREMENT [COMMAND...]: install once, again when pyproject.toml changes.
# COMMAND, if given, runs between making the environment and the install. An environment holds
# absolute paths, so one that was moved or copied along with the checkout is made afresh.
make_environment() {
    local folder=$1 requirement=$2
    shift 2
    local stamp="$folder/installed" wanted
    wanted=$(printf '%s\n%s %s' "$PWD" "$requirement" "$(cksum <pyproject.toml)")
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    local python
    python=$(find_python)
    if [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$PWD" ]; then
        rm -rf "$folder"
    fi
    echo "Setting up $folder: a minute or two, the first time." >&2
    if ! "$python" -m venv "$folder" >&2; then
        echo "The venv module does not work here; on Debian: apt-get install python3-venv" >&2
        return 3
    fi
    if [ $# -gt 0 ]; then
        "$@"
    fi
    if ! "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -e "$requirement" >&2; then
        echo "The install failed: see above. It needs a package index and about 600 MB." >&2
        return 3
    fi
    printf '%s' "$wanted" >"$stamp"
}

# make_page_packages: what the page is built with and checked by (axe), where npm is there; again when
# web/package-lock.json changes. Without npm or a registry it says so, and the checks by axe skip.
make_page_packages() {
    local stamp=web/node_modules/installed wanted
    wanted=$(cksum <web/package-lock.json)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    if ! command -v npm >/dev/null 2>&1; then
        echo "No npm at hand: the page's accessibility checks skip (Debian: apt-get install npm)." >&2
        return
    fi
    local options=(--ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1)
    if npm ci --prefix web "${options[@]}" --fetch-timeout=20000 >&2; then
        printf '%s' "$wanted" >"$stamp"
    else
        echo "npm ci failed, see above: the page's accessibility checks skip." >&2
    fi
}
