#!/bin/sh
# Install the Isthmus agent on this board, join a server and start it with the machine:
#   curl -fsSL SERVER/devices/install.sh | sudo sh -s -- --server SERVER --code CODE
# Safe to run again: it updates the agent, keeps its settings, and joins again only when a code is given.
#   --photos FOLDER     this board's own photos to train on, one folder in it for each class (default: labelled in the agent's home)
#   --uploads HOST:PORT has the agent take uploads there, from browsers in its network
#   --prefix FOLDER     where everything goes (default: /opt/isthmus)
# An empty value takes a setting back. Settings are in PREFIX/agent.env; other ISTHMUS_… variables in that file are kept as well.
# ISTHMUS_TORCH=FILE_OR_URL installs that build of torch first (NVIDIA's, for a Jetson's GPU).
set -eu
SETTINGS="ISTHMUS_TRAINING_PHOTOS ISTHMUS_UPLOADS ISTHMUS_DATA ISTHMUS_TRAINING_LANE ISTHMUS_KEEP_FEATURES_MB ISTHMUS_PROFILE ISTHMUS_MODELS ISTHMUS_MODEL_PINS"

main() {
    server='' code='' prefix=/opt/isthmus
    while [ $# -gt 0 ]; do
        [ $# -ge 2 ] || fail "$1 needs a value."
        case "$1" in
            --server) server=$2 ;;
            --code) code=$2 ;;
            --prefix) prefix=$2 ;;
            --photos) ISTHMUS_TRAINING_PHOTOS=$2 ;;
            --uploads) ISTHMUS_UPLOADS=$2 ;;
            *) fail "Unknown option $1; use --server, --code, --photos, --uploads and --prefix." ;;
        esac
        shift 2
    done
    server=${server%/}
    home=$prefix/home
    settings=$prefix/agent.env
    unit=/etc/systemd/system/isthmus-agent.service
    [ "$(id -u)" = 0 ] || fail "Run this as root: it creates an account and a service."
    case "$server" in http://* | https://*) ;; *) fail "Give --server the address of the web app, http:// or https://." ;; esac
    case "$server$code$prefix" in *[!A-Za-z0-9:/._-]*) fail "Server, code or prefix contains an unsupported character." ;; esac
    case "$prefix" in /?*) ;; *) fail "--prefix must be an absolute path." ;; esac
    case "${ISTHMUS_TRAINING_PHOTOS:-/}" in /*) ;; *) fail "--photos must be an absolute path." ;; esac
    for name in $SETTINGS; do
        eval "value=\${$name:-}"
        case "$value" in *[!]A-Za-z0-9\ :/._@,+~[-]*) fail "$name contains an unsupported character." ;; esac
    done
    [ -n "$code" ] || [ -f "$home/agent.json" ] || fail "Give --code; an administrator creates one on the Devices page."
    command -v systemctl >/dev/null || fail "This installer needs systemd; docs/devices.md in the source says how to run the agent without it."
    command -v curl >/dev/null || fail "curl is missing: apt-get install curl."
    python=$(command -v python3) || fail "python3 is missing: apt-get install python3 python3-venv."
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" -V) is too old: transformers needs Python 3.11. Put a newer one first in PATH (deadsnakes, or NVIDIA's newer image), then run this again."
    "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "Python's venv is missing: apt-get install python3-venv."

    id isthmus >/dev/null 2>&1 || useradd --system --home-dir "$home" --shell /usr/sbin/nologin isthmus
    mkdir -p "$prefix" "$home" "$home/labelled"
    fetch
    environment
    wrapper
    chown -R isthmus: "$home"
    chmod 700 "$home"
    remember
    service
    say "Installed; \`isthmus-agent doctor\` looks for faults. The Devices page shows this board; compare the fingerprint and approve it:"
    sleep 3
    journalctl -u isthmus-agent -n 5 --no-pager -o cat || true
}

fetch() {
    say "Fetching the agent from $server"
    rm -rf "$prefix/new" && mkdir "$prefix/new"
    # The address leads to the wheel under its own name; pip wants that name.
    name=$(curl -fsSL "$server/devices/agent.whl" -o "$prefix/new/agent" -w '%{url_effective}')
    wheel=$prefix/new/${name##*/}
    mv "$prefix/new/agent" "$wheel"
}

environment() {
    say "Preparing Python (the first time this takes minutes)"
    # System packages stay visible: a Jetson's image may bring a torch that knows its GPU.
    [ -x "$prefix/venv/bin/python" ] || "$python" -m venv --system-site-packages "$prefix/venv"
    [ -z "${ISTHMUS_TORCH:-}" ] || "$prefix/venv/bin/python" -m pip install --quiet "$ISTHMUS_TORCH"
    "$prefix/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel[training,reading]"
    # A second time, forced: pip does not replace an agent of the same version.
    "$prefix/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
    # `app` is where earlier versions were unpacked.
    rm -rf "$prefix/new" "$prefix/app" "$prefix/old"
}

wrapper() {
    # `isthmus-agent doctor` from anywhere, as the account that owns the home.
    mkdir -p /usr/local/bin
    cat >/usr/local/bin/isthmus-agent <<WRAPPER
#!/bin/sh
[ \$# -gt 0 ] || set -- doctor
command=\$1
shift
cd /
set -- $prefix/venv/bin/python -m devices.agent "\$command" --home $home "\$@"
case "\$(id -un)" in
    isthmus) ;;
    root) set -- runuser -u isthmus -- "\$@" ;;
    *) set -- sudo -u isthmus "\$@" ;;
esac
exec "\$@"
WRAPPER
    chmod 755 /usr/local/bin/isthmus-agent
}

remember() {
    # What was given now, else what the last run was given; an earlier version kept it in the unit alone.
    [ -f "$settings" ] || earlier >"$settings"
    for name in $SETTINGS; do
        eval "given=\${$name+yes} value=\${$name:-}"
        [ -n "$given" ] || continue
        sed -i "/^$name=/d" "$settings"
        [ -z "$value" ] || printf '%s="%s"\n' "$name" "$value" >>"$settings"
    done
    chmod 644 "$settings"
    photos=$(sed -n 's/^ISTHMUS_TRAINING_PHOTOS="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$settings")
    [ -z "$photos" ] || runuser -u isthmus -- test -r "$photos" -a -x "$photos" ||
        say "The account isthmus cannot read $photos: create the folder, or give it access. Training finds no photos until then."
}

earlier() {
    echo "# Settings of the Isthmus agent. The installer keeps them; \`systemctl restart isthmus-agent\` applies a change."
    [ -f "$unit" ] || return 0
    sed -n 's/^Environment=//p' "$unit" | tr ' ' '\n' | grep '^ISTHMUS_' || true
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
ExecStart=$prefix/venv/bin/python -m devices.agent run --home $home$joining
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
