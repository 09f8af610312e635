#!/bin/sh
# The first start makes the cluster, as the entry point of the published image does.
set -eu
install -d -o postgres -g postgres -m 700 "$PGDATA"
chown postgres "$PGDATA"
install -d -o postgres -g postgres -m 3775 /var/run/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    passwords=$(mktemp)
    tr -d '\r\n' < "$POSTGRES_PASSWORD_FILE" > "$passwords"
    chown postgres "$passwords"
    gosu postgres initdb --username="$POSTGRES_USER" --pwfile="$passwords" --encoding=UTF8 > /dev/null
    rm "$passwords"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    # Nobody else reaches it before its database is there.
    gosu postgres pg_ctl --wait --silent --options="-c listen_addresses=''" start
    gosu postgres createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
    gosu postgres pg_ctl --wait --silent --mode=fast stop
fi
exec gosu postgres postgres -c "listen_addresses=*" "$@"
