#!/bin/sh
# What a board gets: the part of install.sh that looks at the system and decides. It changes nothing.
# shellcheck disable=SC2034,SC2154 # the variables of install.sh

# Python: the system's own, for which TensorRT's module is made, or any from 3.10 to 3.13.
# GPU: `torch`, the ordinary wheel can use it (for aarch64 it is built for CUDA 13, which JetPack 7 has, and it runs on
# Orin and Thor); `named`, only a build that the owner names can; `none`, NVIDIA's packages are for an older Python.
# The `onnxruntime-gpu` of the ordinary index is never installed: it has no kernels for Orin and Thor.
by_release() {
    case "$release" in # Jetson Linux     JetPack                      Python         GPU
        R32.*)                     system='JetPack 4'           wanted=any     gpu=none ;;
        R34.* | R35.1.*)           system='JetPack 5.0'         wanted=any     gpu=none ;;
        R35.*)                     system='JetPack 5.1'         wanted=any     gpu=none ;;
        R36.[23].*)                system='JetPack 6.0'         wanted=3.10    gpu=named ;;
        R36.4.0)                   system='JetPack 6.1'         wanted=3.10    gpu=named ;;
        R36.*)                     system='JetPack 6.2'         wanted=3.10    gpu=named ;;
        R38.[0-3].*)               system='JetPack 7.0'         wanted=3.12    gpu=torch ;;
        R38.*)                     system='JetPack 7.1'         wanted=3.12    gpu=torch ;;
        R39.*)                     system='JetPack 7.2'         wanted=3.12    gpu=torch ;;
        R*)                        system='Unknown JetPack'     wanted=any     gpu=named ;;
        *)                         system=$distribution         wanted=any     gpu=$driver ;;
    esac
}

inspect() {
    release=$(field etc/nv_tegra_release 's/^# R\([0-9]*\) (release), REVISION: \([0-9.]*\).*/R\1.\2/p')
    distribution=$(field etc/os-release 's/^PRETTY_NAME="\{0,1\}\([^"]*\).*/\1/p')
    distribution=${distribution:-Linux}
    [ ! -e "$root/etc/rpi-issue" ] || distribution="Raspberry Pi OS, $distribution"
    board=$(uname -m)
    [ ! -r "$root/proc/device-tree/model" ] || board=$(tr -d '\000' <"$root/proc/device-tree/model")
    memory_kb=$(field proc/meminfo 's/^MemTotal: *\([0-9]*\) kB.*/\1/p')
    swap_kb=$(field proc/meminfo 's/^SwapTotal: *\([0-9]*\) kB.*/\1/p')
    memory_kb=${memory_kb:-0} swap_kb=${swap_kb:-0} driver=''
    [ ! -e "$root/proc/driver/nvidia/version" ] || driver=torch
    [ "$(getconf LONG_BIT 2>/dev/null)" != 32 ] ||
        fail "There is no ONNX Runtime for 32 bits; install the 64-bit version of $distribution on this board."
}

choose_python() {
    # There is no pythonany: such a system starts with the environment of an earlier run.
    for candidate in "$root/usr/bin/python$wanted" "$venv/bin/python" \
        python3 python3.13 python3.12 python3.11 python3.10; do
        version=$(python_version "$candidate")
        case "$version" in 3.10 | 3.11 | 3.12 | 3.13) ;; *) continue ;; esac
        python=$(command -v "$candidate")
        "$python" -c 'import venv, ensurepip' 2>/dev/null ||
            fail "Python $version lacks its venv: apt-get install python$version-venv, then run this again."
        return
    done
    no_python
}

no_python() {
    version=$(python_version python3)
    # In a folder that the agent's account may enter too, which /root is not.
    # shellcheck disable=SC2016 # quotes of a sentence
    uv='install one as root, with `curl -LsSf https://astral.sh/uv/install.sh | sh` and then'
    uv="$uv \`UV_PYTHON_INSTALL_DIR=/opt/python UV_PYTHON_BIN_DIR=/usr/local/bin ~/.local/bin/uv python install 3.12\`"
    case "$system:$version" in
        JetPack*) remedy="Either $uv, or, on an Orin, move to JetPack 6 or 7, where the GPU is used as well" ;;
        *'Linux 11 '*) remedy="Either upgrade to release 12 or newer, or $uv" ;;
        *:) remedy="Install it: apt-get install python3 python3-venv" ;;
        *) remedy="Please $uv" ;;
    esac
    fail "The agent needs Python 3.10 to 3.13; python3 of $system is ${version:-missing}. $remedy; then run this again."
}

choose_packages() {
    # A board of 8 GB has less for Linux; its firmware and its GPU take the rest.
    big='' extras=onnx,reading engine='ONNX Runtime on the CPU'
    [ "$memory_kb" -lt 7000000 ] || big=yes
    case "$gpu$big" in
        torchyes) engine="torch on the GPU, $engine" ;;
        torch) engine="$engine; torch on the GPU needs 8 GB of memory" ;;
        none*) engine="$engine; the GPU is not used: its packages for $system are for an older Python" ;;
    esac
    ! tensorrt || engine="TensorRT on the GPU, $engine"
    [ "$wanted" = any ] || [ "$wanted" = "$version" ] ||
        engine="$engine; TensorRT is not used: it needs Python $wanted, which is missing"
    [ -z "$onnxruntime" ] || engine="ONNX Runtime of $onnxruntime"
    [ -z "${ISTHMUS_TORCH:-}" ] || engine="torch of $ISTHMUS_TORCH, $engine"
    # What an earlier run installed stays, and is updated.
    if [ "$gpu$big" = torchyes ] || [ -n "${ISTHMUS_TORCH:-}" ] || installed torch; then extras=$extras,torch; fi
    case "$(setting ISTHMUS_TRAINING)" in
        yes) extras=$extras,training ;;
        no) ;;
        *) if [ -n "$big" ] || installed flwr; then extras=$extras,training; fi ;;
    esac
}

show_plan() {
    say "Board     $board, $(gigabytes "$memory_kb") of memory"
    say "System    $system${release:+ ($release)}"
    say "Python    $python ($version), with the system's packages"
    say "Engine    $engine"
    [ -z "${ISTHMUS_TORCH:-}" ] || say "Packages  $venv/bin/python -m pip install $ISTHMUS_TORCH"
    say "Packages  $venv/bin/python -m pip install 'isthmus_agent.whl[$extras]'"
    [ -z "$onnxruntime" ] || say "Packages  $venv/bin/python -m pip install --no-deps $onnxruntime"
    say "Service   $unit, with the settings in $settings"
    advise
}

advise() {
    folder=$prefix need_kb=2929688 # 3 GB
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    case "$extras" in *torch* | *training*) need_kb=7812500 ;; esac # 8 GB
    free_kb=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
    [ "${free_kb:=0}" -ge "$need_kb" ] ||
        advice "$(gigabytes "$free_kb") are free for $prefix; it takes up to $(gigabytes "$need_kb"):" \
            "apt-get clean, or --prefix on a larger disk."
    [ "$memory_kb" -ge 3906250 ] || [ "$swap_kb" -gt 0 ] ||
        advice "There is little memory and no swap:" \
            "fallocate -l 4G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile"
    [ "$gpu" != named ] || [ -n "$onnxruntime${ISTHMUS_TORCH:-}" ] || tensorrt ||
        advice "TensorRT uses the GPU with JetPack's module: apt-get install python3-libnvinfer." \
            "ONNX Runtime does with a build for this JetPack: ISTHMUS_ONNXRUNTIME=FILE_OR_URL." \
            "The onnxruntime-gpu of the ordinary index cannot: it has no kernels for this board."
    case "$gpu:$extras" in
        torch:* | *:onnx,reading) ;;
        *) advice "Training brings the ordinary torch, several GB; ISTHMUS_TRAINING=no leaves it out." ;;
    esac
}

advice() { say "Advice    $*"; }

# The first line that a sed script makes of a file below the root; nothing where there is no such file.
field() { [ ! -r "$root/$1" ] || sed -n "$2" "$root/$1" | head -n 1; }

python_version() { "$1" -V 2>/dev/null | sed -n 's/^Python \(3\.[0-9]*\).*/\1/p'; }

# Whether an earlier run installed this package.
installed() {
    set -- "$venv"/lib/python*/site-packages/"$1"
    [ -d "$1" ]
}

# Whether JetPack's module is there for the Python that the agent gets.
tensorrt() {
    [ "$wanted" = "$version" ] || return 1
    set -- "$root"/usr/lib/python3*/dist-packages/tensorrt
    [ -d "$1" ]
}

gigabytes() {
    tenths=$(($1 * 1024 / 100000000))
    printf '%s.%s GB' "$((tenths / 10))" "$((tenths % 10))"
}
