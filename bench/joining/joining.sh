#!/bin/sh
# A board for bench.joining, run inside its network namespace: file systems of its own over what the installer writes, and
# bench/harness/stand_ins in the place of systemd. Everything here is gone with the last process.
#   joining.sh SITE_PACKAGES COMMAND [WHEELS]: COMMAND is the one the devices page printed; packages in SITE_PACKAGES count as cached.
set -eu
site=$1 command=$2
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONPATH=$site PIP_NO_INDEX=1 PIP_FIND_LINKS=${3:-}

mount --make-rprivate /
mount -t tmpfs board /mnt
cp -a /etc /mnt/etc
mount --bind /mnt/etc /etc
mkdir /mnt/opt /mnt/bin /etc/systemd/system 2>/dev/null || true
mount --bind /mnt/opt /opt
mount --bind /mnt/bin /usr/local/bin

cp "$(dirname "$0")"/../harness/stand_ins/* /usr/local/bin/

echo "\$ ip -brief address"
ip -brief address
echo "\$ $command"
sh -c "$command"
echo "installed"
# Until an admin has approved it, and for as long as the models load.
until isthmus-agent doctor >/mnt/doctor 2>&1; do sleep 0.5; done
echo "\$ isthmus-agent doctor"
cat /mnt/doctor
echo "\$ journalctl -u isthmus-agent"
cat /mnt/journal
echo "\$ ps -u isthmus -o user,ni,args"
ps -ww -u isthmus -o user:10,ni,args | cut -c 1-120
echo "ready"
sleep 600
