#!/bin/bash
# Keycloak reads its first administrator's password from the environment only; here it is a secret.
set -eu
KC_BOOTSTRAP_ADMIN_USERNAME=admin
KC_BOOTSTRAP_ADMIN_PASSWORD=$(</run/secrets/keycloak_admin)
export KC_BOOTSTRAP_ADMIN_USERNAME KC_BOOTSTRAP_ADMIN_PASSWORD
exec /opt/keycloak/bin/kc.sh start --optimized
