-- The key that summaries are signed with; one of the instance, made at first use.
CREATE TABLE instance_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ed25519 BLOB NOT NULL -- 32 bytes, the seed of the private key
);
