#!/bin/sh
# certbot's deploy hook: gives a renewed certificate to audiocast, which takes it into use within seconds.
#   groupadd --system audiocast-tls
#   install -m 0755 audiocast.sh /etc/letsencrypt/renewal-hooks/deploy/
# Both files change at once: audiocast is told of the link "current", which is replaced.
set -eu
folder=${AUDIOCAST_TLS:-/etc/audiocast/tls}
group=${AUDIOCAST_TLS_GROUP:-audiocast-tls}

mkdir -p "$folder"
next=$(mktemp -d "$folder/XXXXXXXX")
install -m 0640 -g "$group" "$RENEWED_LINEAGE/fullchain.pem" "$next/tls.crt"
install -m 0640 -g "$group" "$RENEWED_LINEAGE/privkey.pem" "$next/tls.key"
chgrp "$group" "$next"
chmod 0750 "$next"

before=$(readlink "$folder/current" || true)
ln -s "${next##*/}" "$folder/next"
mv -T "$folder/next" "$folder/current"
if [ -n "$before" ]; then rm -r "${folder:?}/$before"; fi
