#!/bin/sh
# Install the Isthmus agent on this board, join a server and start it with the machine:
#   curl -fsSL SERVER/devices/install.sh | sudo sh -s -- --server SERVER --code CODE
# Safe to run again: it updates the agent, keeps its settings, and joins again only when a code is given.
#   --photos FOLDER     this board's own photos to train on, one folder for each class (default: labelled in its home)
#   --uploads HOST:PORT has the agent take uploads there, from browsers in its network
#   --prefix FOLDER     where everything goes (default: /opt/isthmus)
#   --dry-run           print what would be done and change nothing; needs no root, no network and no systemd
# An empty value takes a setting back. Settings are in PREFIX/agent.env; other lines of that file are kept as well.
# Variables, between `sudo` and `sh`:
#   ISTHMUS_TRAINING=yes|no          whether this board trains (default: with 8 GB of memory or more)
#   ISTHMUS_ONNXRUNTIME=FILE_OR_URL  a build of ONNX Runtime for this board's GPU, instead of the one for the CPU
#   ISTHMUS_TORCH=FILE_OR_URL        a build of torch (2.5 or newer) for this board's GPU
#   ISTHMUS_ROOT=FOLDER              for tests: read the release files and /proc below FOLDER
set -eu
SETTINGS="ISTHMUS_TRAINING_PHOTOS ISTHMUS_UPLOADS ISTHMUS_DATA ISTHMUS_TRAINING_LANE ISTHMUS_KEEP_FEATURES_MB
ISTHMUS_PROFILE ISTHMUS_MODELS ISTHMUS_MODEL_PINS ISTHMUS_TRAINING ISTHMUS_ONNXRUNTIME"

# What this board gets. The server sends that file in the place of this line, so that a board fetches one script.
# shellcheck source=devices/agent/board.sh
. "$(dirname "$0")/board.sh"

main() {
    options "$@"
    check_options
    [ -n "$dry_run" ] || check_machine
    inspect
    by_release
    choose_python
    choose_packages
    show_plan
    [ -z "$dry_run" ] || return 0

    id isthmus >/dev/null 2>&1 || useradd --system --home-dir "$home" --shell /usr/sbin/nologin isthmus
    gpu_groups
    mkdir -p "$prefix" "$home" "$home/labelled"
    fetch
    environment
    wrapper
    chown -R isthmus: "$home"
    chmod 700 "$home"
    choose
    remember
    # A code is valid for minutes, and the packages may take longer: the agent joins before they are installed.
    [ -z "$code" ] || join
    packages
    service
    say "Installed; \`isthmus-agent doctor\` looks for faults."
    journal
}

options() {
    server='' code='' prefix=/opt/isthmus dry_run='' root=${ISTHMUS_ROOT:-}
    while [ $# -gt 0 ]; do
        if [ "$1" = --dry-run ]; then
            dry_run=yes
            shift
            continue
        fi
        [ $# -ge 2 ] || fail "$1 needs a value."
        case "$1" in
            --server) server=${2%/} ;;
            --code) code=$2 ;;
            --prefix) prefix=$2 ;;
            --photos) export ISTHMUS_TRAINING_PHOTOS="$2" ;;
            --uploads) export ISTHMUS_UPLOADS="$2" ;;
            *) fail "Unknown option $1; use --server, --code, --photos, --uploads, --prefix and --dry-run." ;;
        esac
        shift 2
    done
    home=$prefix/home settings=$prefix/agent.env venv=$prefix/venv
    unit=/etc/systemd/system/isthmus-agent.service
}

check_options() {
    if [ -n "$server" ] || [ -z "$dry_run" ]; then
        case "$server" in
            http://* | https://*) ;;
            *) fail "Give --server the address of the web app, http:// or https://." ;;
        esac
    fi
    case "$server$code$prefix" in
        *[!A-Za-z0-9:/._-]*) fail "Server, code or prefix contains an unsupported character." ;;
    esac
    case "$prefix" in /?*) ;; *) fail "--prefix must be an absolute path." ;; esac
    case "${ISTHMUS_TRAINING_PHOTOS:-/}" in /*) ;; *) fail "--photos must be an absolute path." ;; esac
    case "${ISTHMUS_TRAINING:-}" in '' | yes | no) ;; *) fail "ISTHMUS_TRAINING must be yes or no." ;; esac
    for name in $SETTINGS; do
        eval "value=\${$name:-}"
        case "$value" in *[!]A-Za-z0-9\ :/._@,+~%=\&?#[-]*) fail "$name contains an unsupported character." ;; esac
    done
    onnxruntime=$(setting ISTHMUS_ONNXRUNTIME)
    case "$onnxruntime" in
        '' | http://* | https://*) ;;
        /*) [ -f "$onnxruntime" ] || fail "$onnxruntime is missing; name another, or none: ISTHMUS_ONNXRUNTIME=''." ;;
        *) fail "ISTHMUS_ONNXRUNTIME must be a file with its whole path, or an address; no index has it by name." ;;
    esac
}

check_machine() {
    [ "$(id -u)" = 0 ] || fail "Run this as root: it creates an account and a service."
    [ -n "$code" ] || [ -f "$home/agent.json" ] ||
        fail "Give --code; an administrator creates one on the Devices page."
    command -v systemctl >/dev/null ||
        fail "This installer needs systemd; docs/devices.md in the source says how to run the agent without it."
    command -v curl >/dev/null || fail "curl is missing: apt-get install curl."
}

gpu_groups() {
    # On a Jetson only these may use the GPU.
    [ -n "$release" ] || return 0
    for group in video render; do
        ! getent group "$group" >/dev/null || usermod -aG "$group" isthmus
    done
}

fetch() {
    say "Fetching the agent from $server"
    # A folder of its own: whatever else is below the prefix may be the owner's, and nothing of it is ever removed.
    download=$(mktemp -d "$prefix/.download.XXXXXX")
    trap 'rm -rf "$download"' EXIT
    # The address leads to the wheel under its own name; pip wants that name.
    name=$(curl -fsSL "$server/devices/agent.whl" -o "$download/agent" -w '%{url_effective}')
    wheel=$download/${name##*/}
    mv "$download/agent" "$wheel"
    digest=$(sha256sum "$wheel" | cut -d ' ' -f 1)
}

environment() {
    say "Preparing Python"
    if [ -f "$venv/pyvenv.cfg" ] && [ "$(python_version "$venv/bin/python")" != "$version" ]; then
        aside=$venv.$(date +%Y%m%d-%H%M%S)
        mv "$venv" "$aside"
        say "$aside is the environment of another Python; delete it when nothing in it is yours."
    fi
    # System packages stay visible: JetPack's Python has TensorRT's module.
    [ -x "$venv/bin/python" ] || "$python" -m venv --system-site-packages "$venv"
    runuser -u isthmus -- "$venv/bin/python" -c '' ||
        fail "The account isthmus cannot run $venv/bin/python: it, or $python, is in a folder that only its owner may" \
            "enter. Install Python for everybody, or choose another --prefix; then run this again."
    pip install "$wheel"
    # A second time, forced: pip does not replace an agent of the same version.
    pip install --no-deps --force-reinstall "$wheel"
}

# Which agent starts: this one, whichever the server gave it before. The agent updates itself where it finds this file.
# As the agent's own account: in a folder of that account, root would follow links that lead anywhere.
choose() {
    # shellcheck disable=SC2016 # that shell expands them
    runuser -u isthmus -- sh -c 'umask 077; mkdir -p "$1/releases" && cd "$1/releases" &&
        printf "{\"installed\": \"%s\"}\n" "$2" >state.json.new && mv state.json.new state.json' sh "$home" "$digest"
}

packages() {
    say "Installing what the agent answers with: $extras (the first time this takes minutes)"
    [ -z "${ISTHMUS_TORCH:-}" ] || pip install "$ISTHMUS_TORCH"
    pip install "${wheel}[$extras]"
    [ -n "$onnxruntime" ] || return 0
    # It has the same files under another name (onnxruntime-gpu), and pip brought the CPU's as well: that goes first.
    pip uninstall --yes onnxruntime
    pip install --no-deps --force-reinstall "$onnxruntime"
}

pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }

join() {
    service
    # Python takes a while to start on a small board.
    seconds=0
    until [ -f "$home/agent.json" ] || [ "$seconds" = 60 ]; do
        sleep 1
        seconds=$((seconds + 1))
    done
    if [ -f "$home/agent.json" ]; then
        say "The Devices page shows this board; compare the fingerprint and approve it:"
    else
        say "This board has not joined yet:"
    fi
    journal
}

journal() {
    sleep 3
    journalctl -u isthmus-agent -n 5 --no-pager -o cat || true
}

wrapper() {
    # `isthmus-agent doctor` from anywhere, as the account that owns the home.
    mkdir -p /usr/local/bin
    cat >/usr/local/bin/isthmus-agent <<WRAPPER
#!/bin/sh
[ \$# -gt 0 ] || set -- doctor
case "\$(id -un)" in isthmus | root) ;; *) exec sudo "\$0" "\$@" ;; esac
command=\$1
shift
cd /
# With the service's settings: \`doctor\` tries what the agent computes with.
set -a
HF_HUB_OFFLINE=1
[ ! -r $settings ] || . $settings
set +a
set -- $prefix/venv/bin/python -m devices.agent.update.launcher --home $home "\$command" "\$@"
[ "\$(id -un)" = isthmus ] || set -- runuser -u isthmus -- "\$@"
exec "\$@"
WRAPPER
    chmod 755 /usr/local/bin/isthmus-agent
}

remember() {
    # What is given now, else what an earlier run was given; before agent.env there were only lines of the unit.
    [ -f "$settings" ] || earlier >"$settings"
    for name in $SETTINGS; do
        eval "given=\${$name+yes} value=\${$name:-}"
        [ -n "$given" ] || continue
        sed -i "/^$name=/d" "$settings"
        [ -z "$value" ] || printf '%s="%s"\n' "$name" "$value" >>"$settings"
    done
    chmod 644 "$settings"
    photos=$(setting ISTHMUS_TRAINING_PHOTOS)
    [ -z "$photos" ] || runuser -u isthmus -- test -r "$photos" -a -x "$photos" ||
        say "The account isthmus cannot read $photos: create the folder, or give it access." \
            "Training finds no photos until then."
}

earlier() {
    echo "# Settings of the Isthmus agent. The installer keeps them; \`systemctl restart isthmus-agent\` applies them."
    [ -f "$unit" ] || return 0
    before=$(sed -n 's/^EnvironmentFile=//p' "$unit")
    if [ -f "$before" ]; then # of another prefix
        grep '^[^#]' "$before" || true
    else
        sed -n 's/^Environment=//p' "$unit" | tr ' ' '\n' | grep '^ISTHMUS_' || true
    fi
}

# The value of a setting: what is given now, else what an earlier run was given.
setting() {
    eval "given=\${$1+yes} value=\${$1:-}"
    [ -n "$given" ] || [ ! -r "$settings" ] ||
        value=$(sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$settings")
    printf '%s\n' "$value"
}

service() {
    joining=''
    [ -z "$code" ] || joining=" --server $server --code $code"
    # The code is used once, at the first start; the agent stores that and ignores it afterwards.
    cat >"$unit" <<UNIT
[Unit]
Description=Isthmus agent
Wants=network-online.target
After=network-online.target

[Service]
User=isthmus
WorkingDirectory=$home
ExecStart=$prefix/venv/bin/python -m devices.agent.update.launcher --home $home run$joining
Environment=PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
EnvironmentFile=$settings
Restart=always
RestartSec=5
# Revoked, or an invalid code: restarting would not help.
RestartPreventExitStatus=2 3
# When memory runs out, training is killed first and jobs may be refused; the agent itself keeps running.
OOMScoreAdjust=-300
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=$home
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
UNIT
    chmod 600 "$unit"
    systemctl daemon-reload
    systemctl enable --quiet isthmus-agent
    systemctl restart isthmus-agent
}

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

# Last line: a download that was cut off has done nothing.
main "$@"
