#!/bin/sh
# Runs once, in the database's container, on an empty volume: the application's role is no superuser.
set -eu
for extension in postgis pg_trgm fuzzystrmatch btree_gin btree_gist; do
  psql --username postgres --dbname template1 --set ON_ERROR_STOP=1 \
    --command "CREATE EXTENSION IF NOT EXISTS $extension"
done
psql --username postgres --dbname postgres --set ON_ERROR_STOP=1 --set password="$LPR_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE lpr LOGIN PASSWORD :'password';
CREATE DATABASE lpr OWNER lpr;
SQL
