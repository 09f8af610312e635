#!/bin/sh
# emulated.sh COMMAND …: runs it where the kernel starts 64-bit ARM programs with qemu. Where systemd runs, it does so anyway;
# elsewhere it does as long as this mount lives, and kernels before 6.7 also afterwards, which does no harm.
set -eu
registry=/proc/sys/fs/binfmt_misc
[ -e $registry/register ] || mount -t binfmt_misc binfmt_misc $registry
[ -e $registry/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$registry/register
exec "$@"
