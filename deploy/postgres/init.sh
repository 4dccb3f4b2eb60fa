#!/bin/sh
# Runs once, on an empty data folder: an owner and databases for each product, so that neither reaches the other's.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set agos_password="$AGOS_OWNER_PASSWORD" --set temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE agos_owner LOGIN CREATEROLE PASSWORD :'agos_password';
CREATE DATABASE agos OWNER agos_owner;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT, TEMPORARY ON DATABASE agos, temporal, temporal_visibility FROM PUBLIC;

-- "agos migrate" gives these two their passwords, and new ones whenever they change.
CREATE ROLE agos_app NOLOGIN;
CREATE ROLE agos_system NOLOGIN;
GRANT agos_app, agos_system TO agos_owner WITH ADMIN OPTION;
GRANT CONNECT ON DATABASE agos TO agos_app, agos_system;
SQL
