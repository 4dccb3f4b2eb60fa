#!/bin/sh
# Brings Temporal's two databases up to date; may run again, also with a newer image.
set -eu

for target in temporal:temporal temporal_visibility:visibility; do
  export SQL_DATABASE="${target%%:*}"
  temporal-sql-tool setup-schema --version 0.0
  temporal-sql-tool update-schema --schema-name "postgresql/v12/${target##*:}"
done
