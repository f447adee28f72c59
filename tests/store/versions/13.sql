-- A database of schema version 13: two days of imported hits and one that runs.
BEGIN TRANSACTION;
CREATE TABLE announced_changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  announced_ms INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  command TEXT NOT NULL
);
CREATE TABLE audit_summary (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  signed TEXT NOT NULL -- JSON: the summary, the public key, the signature
);
CREATE TABLE axes (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  event INTEGER NOT NULL,    -- a name, or 0 for every event
  key INTEGER NOT NULL,      -- a name: the key of a property; 0 for money by its currencies
  currency INTEGER NOT NULL, -- a name: that of money by a property, or 0
  UNIQUE (site, event, key, currency)
);
INSERT INTO axes VALUES(1,1,24,22,0);
CREATE TABLE batches (
  id BLOB PRIMARY KEY,  -- digest of a batch's id and its sender's token
  day INTEGER NOT NULL  -- when it came, in UTC
) WITHOUT ROWID;
INSERT INTO batches VALUES(X'0505050505050505050505050505050505050505050505050505050505050505',20605);
CREATE TABLE bots (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  family TEXT NOT NULL,
  pages TEXT NOT NULL, -- the first part of the paths, or (other)
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day, family, pages)
) WITHOUT ROWID;
INSERT INTO bots VALUES(1,20606,'Googlebot','/b',1);
CREATE TABLE days (
  site INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 100 is a property, 101 money, 102 a funnel
  prop INTEGER NOT NULL,      -- which property, money or funnel, or 0
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,     -- a name
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL, revenue INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site, dimension, prop, bucket, value)
) WITHOUT ROWID;
INSERT INTO days VALUES(1,1,0,20607,5,2,2,3,1,1,60,1,5000,50,0);
INSERT INTO days VALUES(1,21,0,20607,12,2,2,3,1,1,60,1,5000,50,0);
INSERT INTO days VALUES(1,21,0,20607,13,1,1,1,0,1,0,0,0,0,0);
INSERT INTO days VALUES(1,100,1,20607,23,1,1,0,1,0,0,0,0,0,0);
CREATE TABLE days_closed (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  number INTEGER NOT NULL, -- the last flush that closed it
  PRIMARY KEY (site, day)
) WITHOUT ROWID;
CREATE TABLE flushes (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT INTO flushes VALUES(1,77);
CREATE TABLE hours (
  site INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 100 is a property, 101 money, 102 a funnel
  prop INTEGER NOT NULL,      -- which property, money or funnel, or 0
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,     -- a name
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL, revenue INTEGER NOT NULL DEFAULT 0, first_visitors INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site, dimension, prop, bucket, value)
) WITHOUT ROWID;
INSERT INTO hours VALUES(1,1,0,494577,5,2,2,3,1,1,60,1,5000,50,0,0);
INSERT INTO hours VALUES(1,21,0,494577,12,2,2,3,1,1,60,1,5000,50,0,0);
INSERT INTO hours VALUES(1,21,0,494577,13,1,1,1,0,1,0,0,0,0,0,0);
INSERT INTO hours VALUES(1,100,1,494577,23,1,1,0,1,0,0,0,0,0,0,0);
CREATE TABLE imports (
  site INTEGER NOT NULL,
  head BLOB NOT NULL,          -- digest of the log's beginning, addresses left out
  head_bytes INTEGER NOT NULL, -- how long that beginning is
  bytes INTEGER NOT NULL,      -- how much of the log is counted
  PRIMARY KEY (site, head)
) WITHOUT ROWID;
INSERT INTO imports VALUES(1,X'0404040404040404040404040404040404040404040404040404040404040404',100,500);
CREATE TABLE instance_key (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  ed25519 BLOB NOT NULL -- 32 bytes, the seed that it is made of
);
CREATE TABLE journal (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  "database" BLOB NOT NULL, -- random
  id BLOB,                  -- of the journal, or none
  segment INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  flush INTEGER NOT NULL    -- the last one that had a position
, folder BLOB);
INSERT INTO journal VALUES(1,X'6f2afbe246c36ebb86a9eeac125e735d',NULL,0,0,0,X'2f6465762f73686d2f68656164636f756e742d32');
CREATE TABLE kept_from (
  site INTEGER NOT NULL,
  kind INTEGER NOT NULL, -- as in `RetainedKind`
  day INTEGER NOT NULL,
  PRIMARY KEY (site, kind)
) WITHOUT ROWID;
CREATE TABLE keys (name TEXT PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE logins (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  day INTEGER NOT NULL,      -- when the browser was signed in, in UTC
  until_ms INTEGER NOT NULL
);
INSERT INTO logins VALUES(1,X'0202020202020202020202020202020202020202020202020202020202020202',1,20815,1801000000000);
CREATE TABLE mails (
  site INTEGER NOT NULL,
  campaign TEXT NOT NULL, -- a declared name, or (unknown)
  day INTEGER NOT NULL,
  kind INTEGER NOT NULL,  -- what happened, and who asked for it
  count INTEGER NOT NULL,
  people INTEGER NOT NULL, -- distinct within the day
  PRIMARY KEY (site, campaign, day, kind)
) WITHOUT ROWID;
INSERT INTO mails VALUES(1,'june',20605,1,3,2);
CREATE TABLE months (
  site INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 100 is a property, 101 money, 102 a funnel
  prop INTEGER NOT NULL,      -- which property, money or funnel, or 0
  bucket INTEGER NOT NULL,
  value INTEGER NOT NULL,     -- a name
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL, revenue INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site, dimension, prop, bucket, value)
) WITHOUT ROWID;
INSERT INTO months VALUES(1,1,0,24317,5,2,2,2,0,2,0,0,0,0,0);
INSERT INTO months VALUES(1,1,0,24317,16,1,1,2,0,0,60,0,0,0,0);
INSERT INTO months VALUES(1,2,0,24317,5,2,2,2,0,2,0,0,0,0,0);
INSERT INTO months VALUES(1,2,0,24317,21,1,1,2,0,0,60,0,0,0,0);
INSERT INTO months VALUES(1,3,0,24317,3,2,2,2,0,2,0,0,0,0,0);
INSERT INTO months VALUES(1,3,0,24317,17,1,1,2,0,0,60,0,0,0,0);
INSERT INTO months VALUES(1,4,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,5,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,6,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,7,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,8,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,9,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,10,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,11,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,12,0,24317,6,2,2,3,0,1,60,0,0,0,0);
INSERT INTO months VALUES(1,12,0,24317,14,1,1,1,0,1,0,0,0,0,0);
INSERT INTO months VALUES(1,13,0,24317,7,2,2,3,0,1,60,0,0,0,0);
INSERT INTO months VALUES(1,13,0,24317,15,1,1,1,0,1,0,0,0,0,0);
INSERT INTO months VALUES(1,14,0,24317,8,2,2,3,0,1,60,0,0,0,0);
INSERT INTO months VALUES(1,14,0,24317,19,1,1,1,0,1,0,0,0,0,0);
INSERT INTO months VALUES(1,15,0,24317,1,2,2,3,0,1,60,0,0,0,0);
INSERT INTO months VALUES(1,15,0,24317,20,1,1,1,0,1,0,0,0,0,0);
INSERT INTO months VALUES(1,16,0,24317,9,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,17,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,18,0,24317,1,3,3,4,0,2,60,0,0,0,0);
INSERT INTO months VALUES(1,19,0,24317,2,1,1,1,0,1,0,0,0,0,0);
INSERT INTO months VALUES(1,19,0,24317,12,2,2,3,0,1,60,0,0,0,0);
INSERT INTO months VALUES(1,20,0,24317,2,1,1,1,0,1,0,0,0,0,0);
INSERT INTO months VALUES(1,20,0,24317,12,1,1,1,0,1,0,0,0,0,0);
INSERT INTO months VALUES(1,20,0,24317,13,1,1,2,0,0,60,0,0,0,0);
INSERT INTO months VALUES(1,21,0,24317,2,1,1,1,0,0,0,0,0,0,0);
INSERT INTO months VALUES(1,21,0,24317,12,2,2,2,0,0,0,0,0,0,0);
INSERT INTO months VALUES(1,21,0,24317,13,1,1,1,0,0,0,0,0,0,0);
INSERT INTO months VALUES(1,22,0,24317,10,3,3,4,0,0,0,0,0,0,0);
INSERT INTO months VALUES(1,23,0,24317,11,3,3,4,0,0,0,0,0,0,0);
INSERT INTO months VALUES(1,25,0,24317,4,2,2,2,0,2,0,0,0,0,0);
INSERT INTO months VALUES(1,25,0,24317,18,1,1,2,0,0,60,0,0,0,0);
CREATE TABLE months_added (site INTEGER NOT NULL, month INTEGER NOT NULL, turned INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (site, month)) WITHOUT ROWID;
CREATE TABLE months_alone (
  site INTEGER NOT NULL,
  month INTEGER NOT NULL,
  done INTEGER NOT NULL, -- whether all of its days' cells are gone
  PRIMARY KEY (site, month)
) WITHOUT ROWID;
CREATE TABLE months_begun (
  site INTEGER NOT NULL,
  month INTEGER NOT NULL,
  pair INTEGER NOT NULL,   -- as in `pairs`
  first INTEGER NOT NULL,
  second INTEGER NOT NULL,
  blocks INTEGER NOT NULL, -- how many are written
  PRIMARY KEY (site, month)
) WITHOUT ROWID;
CREATE TABLE names (id INTEGER PRIMARY KEY, site INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (site, text));
INSERT INTO names VALUES(1,1,'(not set)');
INSERT INTO names VALUES(2,1,'/b');
INSERT INTO names VALUES(3,1,'Direct');
INSERT INTO names VALUES(4,1,'DirectDirect / None');
INSERT INTO names VALUES(5,1,'Direct / None');
INSERT INTO names VALUES(6,1,'Firefox');
INSERT INTO names VALUES(7,1,'Firefox 128');
INSERT INTO names VALUES(8,1,'Linux');
INSERT INTO names VALUES(9,1,'desktop');
INSERT INTO names VALUES(10,1,'example.com');
INSERT INTO names VALUES(11,1,'pageview');
INSERT INTO names VALUES(12,1,'/');
INSERT INTO names VALUES(13,1,'/a');
INSERT INTO names VALUES(14,1,'Chrome');
INSERT INTO names VALUES(15,1,'Chrome 126');
INSERT INTO names VALUES(16,1,'Google');
INSERT INTO names VALUES(17,1,'Organic Search');
INSERT INTO names VALUES(18,1,'Organic SearchGoogle');
INSERT INTO names VALUES(19,1,'Windows');
INSERT INTO names VALUES(20,1,'Windows 10/11');
INSERT INTO names VALUES(21,1,'google.com');
INSERT INTO names VALUES(22,1,'plan');
INSERT INTO names VALUES(23,1,'pro');
INSERT INTO names VALUES(24,1,'Signup');
CREATE TABLE notices (
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  number INTEGER NOT NULL, -- from 1 on
  from_ms INTEGER NOT NULL,
  cause TEXT NOT NULL, -- first, settings or program
  program TEXT NOT NULL, -- the version of the program that made it
  facts TEXT NOT NULL,
  texts TEXT NOT NULL,
  PRIMARY KEY (site, number)
) WITHOUT ROWID;
CREATE TABLE packed (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  grain INTEGER NOT NULL,     -- 0 the hours of a day, 1 a day, 2 a month
  dimension INTEGER NOT NULL,
  prop INTEGER NOT NULL,      -- as in `days`
  bucket INTEGER NOT NULL,    -- a day, or a month
  cells BLOB NOT NULL
);
INSERT INTO packed VALUES(1,1,1,1,0,20606,X'181a0100050001000100010000000000020100021100000000');
INSERT INTO packed VALUES(2,1,1,2,0,20606,X'181a0100050001000100010000000000020100021100000000');
INSERT INTO packed VALUES(3,1,1,3,0,20606,X'181a0100030001000100010000000000020100021100000000');
INSERT INTO packed VALUES(4,1,1,4,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(5,1,1,5,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(6,1,1,6,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(7,1,1,7,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(8,1,1,8,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(9,1,1,9,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(10,1,1,10,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(11,1,1,11,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(12,1,1,12,0,20606,X'181a0100060001000100010000000000020100021100000000');
INSERT INTO packed VALUES(13,1,1,13,0,20606,X'181a0100070001000100010000000000020100021100000000');
INSERT INTO packed VALUES(14,1,1,14,0,20606,X'181a0100080001000100010000000000020100021100000000');
INSERT INTO packed VALUES(15,1,1,15,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(16,1,1,16,0,20606,X'181a0100090001000100010000000000020100021100000000');
INSERT INTO packed VALUES(17,1,1,17,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(18,1,1,18,0,20606,X'181a0100010001000100010000000000020100021100000000');
INSERT INTO packed VALUES(19,1,1,19,0,20606,X'181a0100020001000100010000000000020100021100000000');
INSERT INTO packed VALUES(20,1,1,20,0,20606,X'181a0100020001000100010000000000020100021100000000');
INSERT INTO packed VALUES(21,1,1,21,0,20606,X'181a0100020001000100010000000000020100020100000000');
INSERT INTO packed VALUES(22,1,1,22,0,20606,X'181a01000a0001000100010000000000020100020100000000');
INSERT INTO packed VALUES(23,1,1,23,0,20606,X'181a01000b0001000100010000000000020100020100000000');
INSERT INTO packed VALUES(24,1,1,25,0,20606,X'181a0100040001000100010000000000020100021100000000');
INSERT INTO packed VALUES(25,1,1,1,0,20605,X'1c1a0100050b020102000201000000020a04010100041102023c000000');
INSERT INTO packed VALUES(26,1,1,2,0,20605,X'1c1a01000510020102000201000000020f04010100041102023c000000');
INSERT INTO packed VALUES(27,1,1,3,0,20605,X'1c1a0100030e020102000201000000020d04010100041102023c000000');
INSERT INTO packed VALUES(28,1,1,4,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(29,1,1,5,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(30,1,1,6,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(31,1,1,7,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(32,1,1,8,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(33,1,1,9,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(34,1,1,10,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(35,1,1,11,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(36,1,1,12,0,20605,X'1c1a01000608020102000201000000020704010100040211023c000000');
INSERT INTO packed VALUES(37,1,1,13,0,20605,X'1c1a01000708020102000201000000020704010100040211023c000000');
INSERT INTO packed VALUES(38,1,1,14,0,20605,X'1c1a0100080b020102000201000000020a04010100040211023c000000');
INSERT INTO packed VALUES(39,1,1,15,0,20605,X'1c1a01000113020102000201000000021204010100040211023c000000');
INSERT INTO packed VALUES(40,1,1,16,0,20605,X'191a01000900010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(41,1,1,17,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(42,1,1,18,0,20605,X'191a01000100010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(43,1,1,19,0,20605,X'191a01000c00010001000101000000000201000232023c000000');
INSERT INTO packed VALUES(44,1,1,20,0,20605,X'1b1a01000c010200020002010000000004010100041102023c000000');
INSERT INTO packed VALUES(45,1,1,21,0,20605,X'1a1a01000c01020002000200000000000401010004210100000000');
INSERT INTO packed VALUES(46,1,1,22,0,20605,X'181a01000a0001000100010000000000020100022200000000');
INSERT INTO packed VALUES(47,1,1,23,0,20605,X'181a01000b0001000100010000000000020100022200000000');
INSERT INTO packed VALUES(48,1,1,25,0,20605,X'1c1a0100040e020102000201000000020d04010100041102023c000000');
CREATE TABLE pairs (
  id INTEGER PRIMARY KEY,
  site INTEGER NOT NULL,
  grain INTEGER NOT NULL,       -- 1 a day, 2 a month
  bucket INTEGER NOT NULL,
  part INTEGER NOT NULL,        -- 0 for good, 1 of the running collector, 2 of a running import
  first_table INTEGER NOT NULL, -- the first pair in it: its second dimension times 256, and its first
  sequence INTEGER NOT NULL,
  cells BLOB NOT NULL
);
INSERT INTO pairs VALUES(1,1,1,20606,0,513,0,X'9334b1010010650500b403940281040500010001010100000000800201ff010103fe0101fdfcfbfaf9f8f7f60106f50107f40108f3f20109f1f002efee0504e80204010a030330a841c9de3f03a0a23363e7113c0ba9447849fc88c4482044e5036c500c53ad0b18ac7817965c5c6cffc2e8d99854b9904ec82f5750834d7b44d0f9188e76ae12cbf13e03ea7edda0f04f05101caaf2a14b8293b5c9582ab048554c573240664fd4796b476b7f81115e480f19ac0200a9040e00004d000010010101000f2ac002a9042f00005501007005030301060708010901020a0b040fa0a07a0d80c376092bc18771ac9ecb9b41c0cb0e1cb32d4e2603a90413000075000020111101110310008958ba390a0b00000000');
INSERT INTO pairs VALUES(2,1,1,20605,0,513,0,X'93349702001095080062c718229029e9c03ff00ffc033fa9ffffff5f756cbbbbbbbbbb3dd846492cd98410b27792016d47047c4e5bcd2c55a6b685838aaf66962a138345bc91a10dd7bb1d1a22b15634bfc819ea46a61df71e90886442a9fcbd6f61f02f01f409da7e771f436770844fa06161cc4265d80db02293319b038090013a823709f9a4c420feb94d3d0394f36fe25d39c60402f84137f235ccbe6616341ad1281fd136b67cb2717d250c15e48cbdc09f7671893cf7f68bf6f06ebd26e1d611b9bd271472537313505fad8222bdccdd231af5633b862bcd2dc432d9cdb16253f2a7f00c087477d3a098d6cba2000294ee4ee22d3327c1d3cf6992e93881396d4e31d1cf09807470a2c7f7b68e40fa469b53f74ba7c1c855df011f0000d50000480a0a0f0a0f0d07120d0620106a1fab85900b1c9070eb1af6229b062d000045010038010102020101010e80a077148b1e1c026236f7cf956b33c28cbd8d9b6ad233bd316900d7338114ad07630000f502007402051503110311010e0606070f0f1308080a1308131401011209010c0d000d0c0a0b04120d1204121ea0e0940d6320030c76a530507905c0f326547f7172307b55cc96c8590ade6a2b48c69d097fddbe2d4b5ac7fa5cc842d986284c01ad075e0000cd0200e0110232021102113232320211020121022201020101022122010211021da02095074002e6b0793bf91c661bdec50a10510eebb17b8eea0189d2c9db7fd742ad4d884a77684c6e94c0681068e61e26570d729b05316348b101a5030e00004d0000103c3c01004d0a6001000000');
CREATE TABLE rejections (
  site INTEGER NOT NULL, -- 0 is the instance
  day INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day, reason)
) WITHOUT ROWID;
INSERT INTO rejections VALUES(1,20605,1,1);
CREATE TABLE released_dimensions (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  dimension INTEGER NOT NULL,
  listed INTEGER NOT NULL,
  PRIMARY KEY (site, day, dimension)
) WITHOUT ROWID;
CREATE TABLE released_values (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  dimension INTEGER NOT NULL,
  value TEXT NOT NULL,
  visitors INTEGER NOT NULL,
  PRIMARY KEY (site, day, dimension, value)
) WITHOUT ROWID;
CREATE TABLE releases (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  epsilon INTEGER NOT NULL, -- in thousandths
  state INTEGER NOT NULL, -- 0 the day runs, 1 it is published; else why it is not: 2 visitors lost, 3 none told apart, 4 switched off, 5 taken out
  visitors INTEGER, -- with noise; NULL unless it is published
  PRIMARY KEY (site, day)
) WITHOUT ROWID;
CREATE TABLE rights_requests (
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  day INTEGER NOT NULL, -- days since 1970-01-01 on the site's calendar
  kind TEXT NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (site, day, kind)
) WITHOUT ROWID;
CREATE TABLE shares (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  name TEXT NOT NULL,   -- 'public' is the page whose address is the site's name
  hash BLOB UNIQUE,     -- digest of a secret link; none for the public page
  password TEXT,        -- a slow digest (argon2id), or none
  until_ms INTEGER,     -- when it ends, if it does
  embed TEXT NOT NULL,  -- hosts in whose pages it may stand, with a space between
  added_ms INTEGER NOT NULL, from_ms INTEGER, segment INTEGER,
  UNIQUE (site, name)
);
INSERT INTO shares VALUES(1,1,'public',NULL,NULL,NULL,'',1780000000000,NULL,NULL);
CREATE TABLE sign_in_links (
  hash BLOB PRIMARY KEY,
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO sign_in_links VALUES(X'0101010101010101010101010101010101010101010101010101010101010101',1,1800000600000);
CREATE TABLE site_totals (
  site INTEGER NOT NULL,
  grain INTEGER NOT NULL,  -- 0 hours, 1 days, 2 months
  bucket INTEGER NOT NULL,
  visitors INTEGER NOT NULL,
  visits INTEGER NOT NULL,
  pageviews INTEGER NOT NULL,
  events INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  engaged_visits INTEGER NOT NULL,
  engaged_ms INTEGER NOT NULL,
  scroll INTEGER NOT NULL,
  revenue INTEGER NOT NULL, first_visitors INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (site, grain, bucket)
) WITHOUT ROWID;
INSERT INTO site_totals VALUES(1,0,494529,1,1,2,0,0,60,0,0,0,0,0);
INSERT INTO site_totals VALUES(1,0,494530,1,1,1,0,1,0,0,0,0,0,0);
INSERT INTO site_totals VALUES(1,0,494555,1,1,1,0,1,0,0,0,0,0,0);
INSERT INTO site_totals VALUES(1,0,494577,2,2,3,1,1,60,1,5000,50,0,0);
INSERT INTO site_totals VALUES(1,1,20605,2,2,3,0,1,60,0,0,0,0,0);
INSERT INTO site_totals VALUES(1,1,20606,1,1,1,0,1,0,0,0,0,0,0);
INSERT INTO site_totals VALUES(1,1,20607,2,2,3,1,1,60,1,5000,50,0,0);
INSERT INTO site_totals VALUES(1,2,24317,5,5,7,1,3,120,1,5000,50,0,0);
CREATE TABLE sites (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  domain TEXT NOT NULL UNIQUE,
  timezone TEXT NOT NULL,
  next_timezone TEXT,
  next_from_ms INTEGER,
  settings TEXT NOT NULL,
  added_ms INTEGER NOT NULL
);
INSERT INTO sites VALUES(1,'example.com','Etc/UTC',NULL,NULL,'{"address":"hash","hosts":[],"aliases":[],"campaigns":{},"counter":false,"small_counts_k":5,"opt_out":true,"goals":[],"funnels":[],"funnels_made":0,"budget":{"values":10000,"pair_cells":2000000}}',0);
CREATE TABLE taken_out (
  site INTEGER NOT NULL,
  first_day INTEGER NOT NULL,
  last_day INTEGER NOT NULL,
  dimension INTEGER NOT NULL, -- 0 is everything, 100 properties, 101 days by retention
  PRIMARY KEY (site, first_day, last_day, dimension)
) WITHOUT ROWID;
CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash BLOB NOT NULL UNIQUE,
  site INTEGER REFERENCES sites (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  added_ms INTEGER NOT NULL
);
INSERT INTO tokens VALUES(1,X'0303030303030303030303030303030303030303030303030303030303030303',NULL,'read',0);
CREATE TABLE unvisited (
  site INTEGER NOT NULL,
  day INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (site, day)
) WITHOUT ROWID;
INSERT INTO unvisited VALUES(1,20606,4);
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  folded TEXT NOT NULL UNIQUE, -- the name in small letters, to find it by
  role TEXT NOT NULL,
  all_sites INTEGER NOT NULL,  -- whether it is all sites that may be read, or those in `users_sites`
  password TEXT,               -- a slow digest (argon2id), or none
  added_ms INTEGER NOT NULL,
  last_day INTEGER             -- of the last sign-in, in UTC
);
INSERT INTO users VALUES(1,'owner','owner','owner',1,NULL,0,20815);
CREATE TABLE users_sites (
  user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
  PRIMARY KEY (user, site)
) WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('logins',1);
INSERT INTO sqlite_sequence VALUES('shares',1);
INSERT INTO sqlite_sequence VALUES('sites',1);
INSERT INTO sqlite_sequence VALUES('tokens',1);
INSERT INTO sqlite_sequence VALUES('users',1);
CREATE UNIQUE INDEX packed_key ON packed (site, grain, dimension, prop, bucket);
CREATE UNIQUE INDEX pairs_key ON pairs (site, grain, bucket, part, first_table, sequence);
CREATE INDEX pairs_running ON pairs (site, bucket) WHERE part <> 0;
CREATE VIEW by_source AS SELECT s.domain, c.month, n.text AS source, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 1
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 1
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_referrer AS SELECT s.domain, c.month, n.text AS referrer, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 2
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 2
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_channel AS SELECT s.domain, c.month, n.text AS channel, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 3
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 3
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_utm_source AS SELECT s.domain, c.month, n.text AS utm_source, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 4
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 4
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_utm_medium AS SELECT s.domain, c.month, n.text AS utm_medium, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 5
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 5
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_utm_campaign AS SELECT s.domain, c.month, n.text AS utm_campaign, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 6
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 6
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_utm_content AS SELECT s.domain, c.month, n.text AS utm_content, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 7
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 7
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_utm_term AS SELECT s.domain, c.month, n.text AS utm_term, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 8
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 8
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_country AS SELECT s.domain, c.month, n.text AS country, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 9
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 9
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_region AS SELECT s.domain, c.month, n.text AS region, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 10
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 10
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_city AS SELECT s.domain, c.month, n.text AS city, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 11
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 11
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_browser AS SELECT s.domain, c.month, n.text AS browser, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 12
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 12
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_browser_version AS SELECT s.domain, c.month, n.text AS browser_version, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 13
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 13
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_os AS SELECT s.domain, c.month, n.text AS os, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 14
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 14
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_os_version AS SELECT s.domain, c.month, n.text AS os_version, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 15
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 15
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_device AS SELECT s.domain, c.month, n.text AS device, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 16
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 16
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_screen AS SELECT s.domain, c.month, n.text AS screen, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 17
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 17
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_language AS SELECT s.domain, c.month, n.text AS language, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 18
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 18
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_entry_page AS SELECT s.domain, c.month, n.text AS entry_page, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 19
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 19
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_exit_page AS SELECT s.domain, c.month, n.text AS exit_page, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 20
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 20
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_page AS SELECT s.domain, c.month, n.text AS page, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 21
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 21
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_hostname AS SELECT s.domain, c.month, n.text AS hostname, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 22
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 22
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW by_event AS SELECT s.domain, c.month, n.text AS event, sum(c.visitors) AS visitors, sum(c.visits) AS visits, sum(c.pageviews) AS pageviews, sum(c.events) AS events, sum(c.bounces) AS bounces, sum(c.seconds) AS seconds, sum(c.engaged_visits) AS engaged_visits, sum(c.engaged_ms) AS engaged_ms, sum(c.scroll) AS scroll, sum(c.revenue) AS revenue FROM (
           SELECT *, printf('%04d-%02d', bucket / 12, bucket % 12 + 1) AS month FROM months WHERE dimension = 23
           UNION ALL SELECT *, strftime('%Y-%m', bucket * 86400, 'unixepoch') FROM days WHERE dimension = 23
         ) c JOIN sites s ON s.id = c.site JOIN names n ON n.id = c.value GROUP BY s.domain, c.month, c.value;
CREATE VIEW totals AS SELECT s.domain, date(c.bucket * 86400, 'unixepoch') AS day, c.visitors, c.visits, c.pageviews, c.events, c.bounces, c.seconds, c.engaged_visits, c.engaged_ms, c.scroll, c.revenue FROM site_totals c JOIN sites s ON s.id = c.site WHERE c.grain = 1;
CREATE VIEW by_bot AS SELECT s.domain, date(b.day * 86400, 'unixepoch') AS day, b.family, b.pages, b.count
  FROM bots b JOIN sites s ON s.id = b.site;
CREATE INDEX logins_user ON logins (user);
COMMIT;
PRAGMA user_version = 13;
