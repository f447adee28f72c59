-- The key that summaries are signed with; one of the instance, made at first use.
CREATE TABLE instance_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ed25519 BLOB NOT NULL -- 32 bytes, the seed of the private key
);
-- The last signed summary of an audit, which sites may publish.
CREATE TABLE audit_summary (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  signed TEXT NOT NULL -- JSON: the summary, the public key, the signature
);
