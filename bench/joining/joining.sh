#!/bin/sh
# A board for bench.joining, run inside its network namespace: file systems of its own over what the installer writes, and in the
# place of systemd the few words of it that the installer says. Everything here is gone with the last process.
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

cat >/usr/local/bin/systemctl <<'SYSTEMCTL'
#!/bin/sh
# `restart NAME` starts what the unit says, as the account it says; the rest needs nothing here.
[ "$1" = restart ] || exit 0
value() { sed -n "s/^$1=//p" "/etc/systemd/system/isthmus-agent.service"; }
cd "$(value WorkingDirectory)"
start=$(value ExecStart) user=$(value User)
# shellcheck disable=SC2046,SC2086
runuser -u "$user" -- env $(value Environment) $start >/mnt/journal 2>&1 </dev/null &
SYSTEMCTL
printf '#!/bin/sh\ncat /mnt/journal\n' >/usr/local/bin/journalctl
printf '#!/bin/sh\nexec "$@"\n' >/usr/local/bin/sudo
chmod 755 /usr/local/bin/*

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
