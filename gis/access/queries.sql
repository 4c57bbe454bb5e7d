-- Accounts. What is secret is reached through functions of the owner alone: one account a call.

-- name: account_by_login
SELECT * FROM wangge.account_by_login(CAST(:login AS text));

-- name: account_in_reach
-- Under row rights: an account outside the areas of whoever asks is not there.
SELECT * FROM wangge.accounts WHERE login = CAST(:login AS text);

-- name: account_by_subject
SELECT * FROM wangge.account_by_subject(CAST(:issuer AS text), CAST(:subject AS text));

-- name: secret_by_login
SELECT password_hash, totp_secret FROM wangge.secret_by_login(CAST(:login AS text));

-- name: account_by_session
SELECT (found.account).*, found.half, found.before_at, found.before_refused
FROM wangge.account_by_session(
    CAST(:secret_sha256 AS text), CAST(:now AS timestamptz), make_interval(secs => :idle_s)
) AS found;

-- name: account_of_session
-- The same, without counting it as a use.
SELECT (found.account).*, found.half, found.before_at, found.before_refused
FROM wangge.account_of_session(
    CAST(:secret_sha256 AS text), CAST(:now AS timestamptz), make_interval(secs => :idle_s)
) AS found;

-- name: account_by_token
SELECT (found.account).*, found.token_rights, found.token_prefixes
FROM wangge.account_by_token(CAST(:secret_sha256 AS text), CAST(:now AS timestamptz)) AS found;

-- name: note_failure
SELECT wangge.note_failure(
    CAST(:login AS text), CAST(:now AS timestamptz), CAST(:max_failures AS integer),
    make_interval(secs => :lock_s)
);

-- name: open_session
SELECT wangge.open_session(
    CAST(:login AS text), CAST(:secret_sha256 AS text), CAST(:half AS boolean),
    CAST(:now AS timestamptz), CAST(:ends_at AS timestamptz)
);

-- name: close_session
SELECT wangge.close_session(CAST(:secret_sha256 AS text));

-- name: close_sessions
SELECT wangge.close_sessions(CAST(:login AS text));

-- name: former_passwords
SELECT wangge.former_passwords(CAST(:login AS text), CAST(:kept AS integer));

-- name: set_password
SELECT wangge.set_password(
    CAST(:login AS text), CAST(:password_hash AS text), CAST(:must_change AS boolean),
    CAST(:now AS timestamptz), CAST(:proved AS text)
);

-- name: set_totp
SELECT wangge.set_totp(
    CAST(:login AS text), CAST(:secret AS text), CAST(:confirmed AS boolean)
);

-- name: use_totp_step
SELECT wangge.use_totp_step(CAST(:login AS text), CAST(:step AS bigint));

-- name: issue_token
SELECT wangge.issue_token(
    CAST(:login AS text), CAST(:secret_sha256 AS text), CAST(:label AS text),
    CAST(:rights AS text[]), CAST(:area_prefixes AS text[]), CAST(:now AS timestamptz),
    CAST(:expires_at AS timestamptz), CAST(:session_sha256 AS text)
);

-- name: tokens_of
SELECT * FROM wangge.tokens_of(CAST(:login AS text));

-- name: revoke_token
SELECT wangge.revoke_token(
    CAST(:login AS text), CAST(:token_id AS bigint), CAST(:now AS timestamptz)
);

-- name: hold_account
-- Whoever may change the account alone does; the functions hold it by themselves.
SELECT login FROM wangge.accounts WHERE login = CAST(:login AS text) FOR UPDATE;

-- name: accounts
SELECT * FROM wangge.accounts ORDER BY login;

-- name: are_there_accounts
SELECT wangge.are_there_accounts();

-- name: no_security_admin_yet
SELECT wangge.no_security_admin_yet();

-- name: first_security_admin
SELECT wangge.first_security_admin(
    CAST(:login AS text), CAST(:area_code AS text), CAST(:now AS timestamptz)
);

-- name: add_account
INSERT INTO wangge.accounts (area_code, login, role, area_prefixes, made_at, issuer, subject)
VALUES (
    CAST(:area_code AS text), CAST(:login AS text), CAST(:role AS text),
    CAST(:area_prefixes AS text[]), CAST(:now AS timestamptz), CAST(:issuer AS text),
    CAST(:subject AS text)
)
ON CONFLICT DO NOTHING
RETURNING login;

-- name: set_state
UPDATE wangge.accounts
SET state = CAST(:state AS text), failures = 0, locked_until = NULL
WHERE login = CAST(:login AS text)
RETURNING login;

-- name: set_role
UPDATE wangge.accounts
SET role = CAST(:role AS text), area_prefixes = CAST(:area_prefixes AS text[]),
    area_code = CAST(:area_code AS text)
WHERE login = CAST(:login AS text)
RETURNING login;
