/**
 * One step from a version of the tables to the next, in the SQL of SQLite and of nothing that `postgresText` does not know.
 * Never edited once released: a change is another step.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE api_keys (
     id TEXT NOT NULL PRIMARY KEY,
     owner TEXT NOT NULL,
     roles TEXT NOT NULL,
     groups TEXT NOT NULL,
     workspace TEXT,
     hash TEXT NOT NULL,
     tag TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     expires_at INTEGER,
     revoked_at INTEGER,
     rotated_from TEXT,
     last_used_at INTEGER
   ) STRICT`,
  `CREATE TABLE key_events (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     action TEXT NOT NULL CHECK (action IN ('created', 'rotated', 'revoked')),
     key_id TEXT NOT NULL,
     owner TEXT NOT NULL,
     roles TEXT NOT NULL,
     groups TEXT NOT NULL,
     workspace TEXT,
     expires_at INTEGER,
     replaces TEXT,
     replaced_until INTEGER,
     by_user TEXT,
     by_host TEXT,
     claimed_at INTEGER,
     audited_at INTEGER
   ) STRICT;
   CREATE INDEX key_events_due ON key_events (id) WHERE audited_at IS NULL`,
  `CREATE TABLE sealing_keys (
     kid TEXT NOT NULL PRIMARY KEY,
     secret TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     seals_from INTEGER NOT NULL,
     retired_at INTEGER
   ) STRICT`,
  // Events of sealing keys, too: SQLite changes a check in another table alone.
  `ALTER TABLE key_events RENAME TO key_events_before;
   CREATE TABLE key_events (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     action TEXT NOT NULL CHECK (action IN ('created', 'rotated', 'revoked', 'sealing-created', 'sealing-retired')),
     key_id TEXT NOT NULL,
     owner TEXT NOT NULL,
     roles TEXT NOT NULL,
     groups TEXT NOT NULL,
     workspace TEXT,
     expires_at INTEGER,
     replaces TEXT,
     replaced_until INTEGER,
     by_user TEXT,
     by_host TEXT,
     claimed_at INTEGER,
     audited_at INTEGER
   ) STRICT;
   INSERT INTO key_events SELECT * FROM key_events_before;
   DROP TABLE key_events_before;
   CREATE INDEX key_events_due ON key_events (id) WHERE audited_at IS NULL`,
  `CREATE TABLE users (
     name TEXT NOT NULL PRIMARY KEY,
     folded TEXT NOT NULL UNIQUE,
     display TEXT,
     email TEXT,
     groups TEXT NOT NULL,
     roles TEXT NOT NULL,
     workspace TEXT,
     hash TEXT,
     disabled_at INTEGER,
     changed_at INTEGER NOT NULL,
     created_at INTEGER NOT NULL
   ) STRICT`,
  `CREATE TABLE second_factors (
     source TEXT NOT NULL,
     account TEXT NOT NULL,
     secret TEXT NOT NULL,
     last_step INTEGER,
     created_at INTEGER NOT NULL,
     PRIMARY KEY (source, account)
   ) STRICT;
   CREATE TABLE recovery_codes (
     source TEXT NOT NULL,
     account TEXT NOT NULL,
     hash TEXT NOT NULL,
     PRIMARY KEY (source, account, hash),
     FOREIGN KEY (source, account) REFERENCES second_factors (source, account) ON DELETE CASCADE
   ) STRICT`,
  `CREATE TABLE account_failures (
     source TEXT NOT NULL,
     account TEXT NOT NULL,
     failures INTEGER NOT NULL,
     counted_from INTEGER NOT NULL,
     locked_until INTEGER,
     PRIMARY KEY (source, account)
   ) STRICT;
   CREATE INDEX account_failures_age ON account_failures (counted_from)`,
  `CREATE TABLE revocations (
     kind TEXT NOT NULL CHECK (kind IN ('jti', 'subject', 'session', 'key')),
     issuer TEXT NOT NULL,
     value TEXT NOT NULL,
     issued_before INTEGER NOT NULL,
     at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (kind, issuer, value)
   ) STRICT;
   CREATE INDEX revocations_end ON revocations (expires_at)`,
  `CREATE TABLE token_keys (
     kid TEXT NOT NULL PRIMARY KEY,
     secret TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     signs_from INTEGER NOT NULL,
     retired_at INTEGER
   ) STRICT`,
  `CREATE TABLE scim_users (
     id TEXT NOT NULL PRIMARY KEY,
     user_name TEXT NOT NULL,
     folded TEXT NOT NULL UNIQUE,
     external_id TEXT,
     active INTEGER NOT NULL CHECK (active IN (0, 1)),
     resource TEXT NOT NULL,
     version INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX scim_users_name ON scim_users (user_name);
   CREATE INDEX scim_users_external ON scim_users (external_id);
   CREATE TABLE scim_groups (
     id TEXT NOT NULL PRIMARY KEY,
     display TEXT NOT NULL,
     folded TEXT NOT NULL UNIQUE,
     external_id TEXT,
     resource TEXT NOT NULL,
     version INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX scim_groups_external ON scim_groups (external_id);
   CREATE TABLE scim_members (
     group_id TEXT NOT NULL REFERENCES scim_groups (id) ON DELETE CASCADE,
     user_id TEXT NOT NULL REFERENCES scim_users (id) ON DELETE CASCADE,
     PRIMARY KEY (group_id, user_id)
   ) STRICT;
   CREATE INDEX scim_members_user ON scim_members (user_id)`,
  `CREATE TABLE user_events (
     id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     action TEXT NOT NULL,
     source TEXT NOT NULL,
     account TEXT NOT NULL,
     detail TEXT NOT NULL,
     by_user TEXT,
     by_host TEXT,
     claimed_at INTEGER,
     audited_at INTEGER
   ) STRICT;
   CREATE INDEX user_events_due ON user_events (id) WHERE audited_at IS NULL`,
  `CREATE TABLE device_codes (
     device_hash TEXT NOT NULL PRIMARY KEY,
     user_hash TEXT NOT NULL UNIQUE,
     client TEXT NOT NULL,
     network TEXT NOT NULL,
     wish TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
     sealed TEXT,
     created_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL,
     polled_at INTEGER
   ) STRICT;
   CREATE INDEX device_codes_network ON device_codes (network);
   CREATE INDEX device_codes_end ON device_codes (expires_at)`,
  `CREATE TABLE refresh_families (
     id TEXT NOT NULL PRIMARY KEY,
     current TEXT NOT NULL,
     issuer TEXT NOT NULL,
     subject TEXT NOT NULL,
     sub TEXT,
     session TEXT,
     tokens TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX refresh_families_end ON refresh_families (expires_at)`,
  `ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
   ALTER TABLE api_keys ADD COLUMN models TEXT NOT NULL DEFAULT '[]';
   ALTER TABLE key_events ADD COLUMN networks TEXT NOT NULL DEFAULT '[]';
   ALTER TABLE key_events ADD COLUMN models TEXT NOT NULL DEFAULT '[]'`,
  `ALTER TABLE revocations ADD COLUMN folded TEXT;
   CREATE INDEX revocations_folded ON revocations (issuer, folded) WHERE folded IS NOT NULL`,
  `CREATE TABLE used_once (
     purpose TEXT NOT NULL,
     digest TEXT NOT NULL,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (purpose, digest)
   ) STRICT;
   CREATE INDEX used_once_end ON used_once (expires_at)`,
]

/** The version that the steps lead to. */
export const NEWEST = MIGRATIONS.length

/** A step in the SQL of PostgreSQL. Texts compare and sort byte by byte there, too, whatever the language of the database. */
export function postgresText(step: string): string {
  return step
    .replaceAll(/\) STRICT\b/g, ')')
    .replaceAll(/\bINTEGER PRIMARY KEY\b/g, 'BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY')
    .replaceAll(/\bINTEGER\b/g, 'BIGINT')
    .replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"')
}
