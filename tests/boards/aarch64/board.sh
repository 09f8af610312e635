#!/bin/sh
# Turns a folder into a board that runs until its standard input ends: board.sh SYSTEM FOLDER STAND_INS
# What the board writes lies over SYSTEM, in FOLDER; FOLDER/cpuinfo is what it has for a processor. Its network, and the
# authorities that it trusts, are this machine's.
set -eu
system=$1 folder=$2 stand_ins=$3
root=$folder/root
mkdir "$folder/written" "$folder/work" "$root"
mount -t overlay board -o "lowerdir=$system,upperdir=$folder/written,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount --bind "$folder/cpuinfo" "$root/proc/cpuinfo"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
touch "$root/etc/resolv.conf"
for file in /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt; do mount --bind "$file" "$root$file"; done
mkdir -p "$root/etc/systemd/system"
cp "$stand_ins"/* "$root/usr/local/bin/"
# From inside, so that whoever reads it and enters this process's root is on the board.
exec chroot "$root" /bin/sh -c 'echo ready; exec cat'
