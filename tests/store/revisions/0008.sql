-- A database as revision 0008 left it.  Never edited.
PRAGMA application_id = 1396919374;
BEGIN TRANSACTION;
CREATE TABLE accounts (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	person TEXT NOT NULL, 
	logged INTEGER NOT NULL, 
	CONSTRAINT pk_accounts PRIMARY KEY (id), 
	CONSTRAINT uq_accounts_name UNIQUE (name)
);
INSERT INTO "accounts" VALUES(1,'home','ada',2);
INSERT INTO "accounts" VALUES(2,'work','ada',1);
CREATE TABLE alarms (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	at BIGINT NOT NULL, 
	detail TEXT NOT NULL, 
	rung_at BIGINT NOT NULL, 
	CONSTRAINT uq_alarms_account_key UNIQUE (account, "key")
);
INSERT INTO "alarms" VALUES(1,'home','sent-by-you:2026-11-23','sent-by-you',1795435200000000,'[["bounces", "2"]]',1795435200000000);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0008');
CREATE TABLE cases (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	uidvalidity INTEGER NOT NULL, 
	uid INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	arrival BIGINT NOT NULL, 
	message_key TEXT, 
	verdict VARCHAR NOT NULL, 
	bounce TEXT NOT NULL, 
	finding TEXT NOT NULL, 
	closed_at BIGINT, 
	closure VARCHAR, kind VARCHAR, words TEXT, 
	CONSTRAINT uq_cases_account_folder_uidvalidity_uid UNIQUE (account, folder, uidvalidity, uid)
);
INSERT INTO "cases" VALUES(1,'home','INBOX',7,1,'00000000000000000000000000000001',1795435140123456,'bounce.1@mx.example.net','orphan','{"kind":"bounce","references":[{"id":{"text":"forged.1@spam.example"},"weight":"strong","found_in":"message/rfc822 part","level":1,"by_reply":false},{"id":{"text":"thread@spam.example"},"weight":"weak","found_in":"References","level":2,"by_reply":true}],"recipients":["nobody@example.net"],"original":{"sender":"ada@winter.example","to":["nobody@example.net"],"subject":"Gr\u00f6\u00dfe z\u00e4hlt \ud83d\udc8a","date":"2026-11-23T09:00:00.123456Z","received":["from a.example by b.example; Mon, 23 Nov 2026 09:00:00 +0000"],"dkim_signed":true},"sender":"mailer-daemon@mx.example.net","message_id":"<Bounce.1@MX.example.net>","subject":"Undelivered Mail Returned to Sender","delivered_to":["ada@winter.example"],"reporting_mta":"mx.example.net","action":"failed","status":"5.1.1","diagnostic":"550 no such user","received":["from mx.example.net by mail.winter.example"],"incomplete":false,"stumbled":["exim: ValueError"]}','{"verdict":"orphan","because":[{"because":"unknown-id","detail":[["id","forged.1@spam.example"],["found_in","message/rfc822 part"]]}]}',1795435200123456,'moved','bounce','undelivered mail returned to sender
mailer-daemon@mx.example.net
nobody@example.net
<bounce.1@mx.example.net>
forged.1@spam.example
thread@spam.example');
INSERT INTO "cases" VALUES(2,'home','INBOX',7,2,'00000000000000000000000000000002',1795435080123456,'bounce.1@mx.example.net','orphan','{"kind":"bounce","references":[{"id":{"text":"forged.1@spam.example"},"weight":"strong","found_in":"message/rfc822 part","level":1,"by_reply":false},{"id":{"text":"thread@spam.example"},"weight":"weak","found_in":"References","level":2,"by_reply":true}],"recipients":["nobody@example.net"],"original":{"sender":"ada@winter.example","to":["nobody@example.net"],"subject":"Gr\u00f6\u00dfe z\u00e4hlt \ud83d\udc8a","date":"2026-11-23T09:00:00.123456Z","received":["from a.example by b.example; Mon, 23 Nov 2026 09:00:00 +0000"],"dkim_signed":true},"sender":"mailer-daemon@mx.example.net","message_id":"<Bounce.1@MX.example.net>","subject":"Undelivered Mail Returned to Sender","delivered_to":["ada@winter.example"],"reporting_mta":"mx.example.net","action":"failed","status":"5.1.1","diagnostic":"550 no such user","received":["from mx.example.net by mail.winter.example"],"incomplete":false,"stumbled":["exim: ValueError"]}','{"verdict":"orphan","because":[{"because":"unknown-id","detail":[["id","forged.1@spam.example"],["found_in","message/rfc822 part"]]}]}',1795435200123456,'moved','bounce','undelivered mail returned to sender
mailer-daemon@mx.example.net
nobody@example.net
<bounce.1@mx.example.net>
forged.1@spam.example
thread@spam.example');
INSERT INTO "cases" VALUES(3,'home','INBOX',7,3,'00000000000000000000000000000003',1795435020123456,'bounce.1@mx.example.net','undecided','{"kind":"bounce","references":[{"id":{"text":"forged.1@spam.example"},"weight":"strong","found_in":"message/rfc822 part","level":1,"by_reply":false},{"id":{"text":"thread@spam.example"},"weight":"weak","found_in":"References","level":2,"by_reply":true}],"recipients":["nobody@example.net"],"original":{"sender":"ada@winter.example","to":["nobody@example.net"],"subject":"Gr\u00f6\u00dfe z\u00e4hlt \ud83d\udc8a","date":"2026-11-23T09:00:00.123456Z","received":["from a.example by b.example; Mon, 23 Nov 2026 09:00:00 +0000"],"dkim_signed":true},"sender":"mailer-daemon@mx.example.net","message_id":"<Bounce.1@MX.example.net>","subject":"Undelivered Mail Returned to Sender","delivered_to":["ada@winter.example"],"reporting_mta":"mx.example.net","action":"failed","status":"5.1.1","diagnostic":"550 no such user","received":["from mx.example.net by mail.winter.example"],"incomplete":false,"stumbled":["exim: ValueError"]}','{"verdict":"undecided","because":[{"because":"no-reference","detail":[]}]}',NULL,NULL,'bounce','undelivered mail returned to sender
mailer-daemon@mx.example.net
nobody@example.net
<bounce.1@mx.example.net>
forged.1@spam.example
thread@spam.example');
CREATE TABLE correspondents (
	domain TEXT NOT NULL, 
	address TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	CONSTRAINT pk_correspondents PRIMARY KEY (domain, address, account_id), 
	CONSTRAINT fk_correspondents_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)
 WITHOUT ROWID

;
INSERT INTO "correspondents" VALUES('example.net','bob@example.net',1);
INSERT INTO "correspondents" VALUES('firm.example','carl@firm.example',2);
INSERT INTO "correspondents" VALUES('shop.example','eve@shop.example',1);
CREATE TABLE coverage (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	start BIGINT NOT NULL, 
	"end" BIGINT NOT NULL, 
	grade VARCHAR NOT NULL, 
	CONSTRAINT pk_coverage PRIMARY KEY (id)
);
INSERT INTO "coverage" VALUES(1,'home',1795348800123456,1795435200123456,'witnessed');
INSERT INTO "coverage" VALUES(2,'home',1792843200123456,1795348800123456,'backfilled');
CREATE TABLE moves (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	sweep_id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	source_folder TEXT NOT NULL, 
	source_uidvalidity INTEGER NOT NULL, 
	source_uid INTEGER NOT NULL, 
	target_folder TEXT NOT NULL, 
	target_uidvalidity INTEGER NOT NULL, 
	target_uidnext INTEGER NOT NULL, 
	target_uid INTEGER, 
	errand VARCHAR NOT NULL, 
	returns INTEGER, 
	arrival BIGINT, 
	message_id TEXT, 
	message_key TEXT, 
	subject TEXT, 
	sender TEXT, 
	state VARCHAR NOT NULL, 
	intended_at BIGINT NOT NULL, 
	settled_at BIGINT, kind VARCHAR, recipient TEXT, words TEXT, 
	CONSTRAINT fk_moves_sweep_id FOREIGN KEY(sweep_id) REFERENCES sweeps (id), 
	CONSTRAINT fk_moves_returns FOREIGN KEY(returns) REFERENCES moves (id)
);
INSERT INTO "moves" VALUES(1,1,'home','00000000000000000000000000000001','INBOX',7,1,'Backscatter',9,40,41,'sweep',NULL,1795435140123456,'<Bounce.1@MX.example.net>','bounce.1@mx.example.net','Undelivered','mailer-daemon@mx.example.net','moved',1795435200123456,1795435200123456,'bounce','nobody@example.net','undelivered
mailer-daemon@mx.example.net
nobody@example.net
<bounce.1@mx.example.net>');
INSERT INTO "moves" VALUES(2,1,'home','00000000000000000000000000000002','INBOX',7,2,'Backscatter',9,40,42,'sweep',NULL,1795435080123456,'<Bounce.2@MX.example.net>','bounce.2@mx.example.net','Undelivered','mailer-daemon@mx.example.net','returned',1795435200123456,1795435200123456,'bounce','nobody@example.net','undelivered
mailer-daemon@mx.example.net
nobody@example.net
<bounce.2@mx.example.net>');
INSERT INTO "moves" VALUES(3,1,'home','00000000000000000000000000000004','INBOX',7,4,'Backscatter',9,40,NULL,'sweep',NULL,1795434960123456,'<Bounce.4@MX.example.net>','bounce.4@mx.example.net','Undelivered','mailer-daemon@mx.example.net','intended',1795435200123456,NULL,NULL,NULL,'undelivered
mailer-daemon@mx.example.net
<bounce.4@mx.example.net>');
INSERT INTO "moves" VALUES(4,2,'home','00000000000000000000000000000002','Backscatter',9,2,'INBOX',7,500,501,'undo',2,NULL,NULL,NULL,NULL,NULL,'moved',1795435200123456,1795435200123456,NULL,NULL,'');
CREATE TABLE notices (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	way VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	subject TEXT NOT NULL, 
	body TEXT NOT NULL, 
	made BIGINT NOT NULL, 
	due BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	next BIGINT, 
	inbox TEXT, 
	settled_at BIGINT, 
	CONSTRAINT uq_notices_account_key_way UNIQUE (account, "key", way)
);
INSERT INTO "notices" VALUES(1,'home','alarm:sent-by-you:2026-11-23','inbox','alarm','An alarm','Look.',1795435200123456,1795435200123456,'due',0,NULL,NULL,NULL);
CREATE TABLE outbound_hosts (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	CONSTRAINT pk_outbound_hosts PRIMARY KEY (id), 
	CONSTRAINT uq_outbound_hosts_account_id_host UNIQUE (account_id, host), 
	CONSTRAINT fk_outbound_hosts_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "outbound_hosts" VALUES(1,1,'.winter.example');
INSERT INTO "outbound_hosts" VALUES(2,1,'192.0.2.25');
CREATE TABLE proofs (
	account_id INTEGER NOT NULL, 
	replies INTEGER NOT NULL, 
	last BIGINT, 
	CONSTRAINT pk_proofs PRIMARY KEY (account_id), 
	CONSTRAINT fk_proofs_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "proofs" VALUES(1,4,1795435200000000);
INSERT INTO "proofs" VALUES(2,1,1795435200000000);
CREATE TABLE received_ids (
	"key" TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	arrived BIGINT NOT NULL, 
	CONSTRAINT pk_received_ids PRIMARY KEY ("key", account_id), 
	CONSTRAINT fk_received_ids_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)
 WITHOUT ROWID

;
INSERT INTO "received_ids" VALUES('letter@firm.example',1,1795435200000000);
CREATE TABLE routes (
	account_id INTEGER NOT NULL, 
	shape TEXT NOT NULL, 
	cause VARCHAR NOT NULL, 
	example TEXT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT pk_routes PRIMARY KEY (account_id, shape), 
	CONSTRAINT fk_routes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)
 WITHOUT ROWID

;
INSERT INTO "routes" VALUES(1,'n.n@winter.example','reply','1.2@winter.example',1795435200000000);
CREATE TABLE senders (
	account_id INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	CONSTRAINT pk_senders PRIMARY KEY (account_id, address), 
	CONSTRAINT fk_senders_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)
 WITHOUT ROWID

;
INSERT INTO "senders" VALUES(1,'ada@winter.example');
INSERT INTO "senders" VALUES(2,'ada@winter.example');
CREATE TABLE sent_cursors (
	account TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	uidvalidity INTEGER NOT NULL, 
	uidnext INTEGER NOT NULL, 
	"exists" INTEGER NOT NULL, 
	read_at BIGINT NOT NULL, 
	CONSTRAINT pk_sent_cursors PRIMARY KEY (account, folder)
);
INSERT INTO "sent_cursors" VALUES('home','Sent',3,10,9,1795435200123456);
INSERT INTO "sent_cursors" VALUES('work','Gesendet',3,10,9,1795435200123456);
CREATE TABLE sent_ids (
	"key" TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	message_id INTEGER NOT NULL, 
	CONSTRAINT pk_sent_ids PRIMARY KEY ("key", account_id, message_id), 
	CONSTRAINT fk_sent_ids_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_sent_ids_message_id FOREIGN KEY(message_id) REFERENCES sent_messages (id)
)
 WITHOUT ROWID

;
INSERT INTO "sent_ids" VALUES('a@winter.example',1,1);
INSERT INTO "sent_ids" VALUES('sent.1@winter.example',2,3);
CREATE TABLE "sent_messages" (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	sender TEXT, 
	subject TEXT, 
	sent_at BIGINT NOT NULL, 
	filed_at BIGINT NOT NULL, 
	dated INTEGER DEFAULT 1 NOT NULL, 
	CONSTRAINT pk_sent_messages PRIMARY KEY (id), 
	CONSTRAINT fk_sent_messages_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "sent_messages" VALUES(1,1,'00000000000000000000000000000001','ada@winter.example','Invoice',1795435140123456,1795435143123456,1);
INSERT INTO "sent_messages" VALUES(2,1,'00000000000000000000000000000002',NULL,NULL,1795435080123456,1795435083123456,0);
INSERT INTO "sent_messages" VALUES(3,2,'00000000000000000000000000000001','ada@winter.example','Invoice',1795435140123456,1795435143123456,1);
CREATE TABLE sent_recipients (
	recipient TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	sent_at BIGINT NOT NULL, 
	message_id INTEGER NOT NULL, 
	CONSTRAINT pk_sent_recipients PRIMARY KEY (recipient, account_id, sent_at, message_id), 
	CONSTRAINT fk_sent_recipients_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_sent_recipients_message_id FOREIGN KEY(message_id) REFERENCES sent_messages (id)
)
 WITHOUT ROWID

;
INSERT INTO "sent_recipients" VALUES('bob@example.net',1,1795435080123456,2);
INSERT INTO "sent_recipients" VALUES('bob@example.net',1,1795435140123456,1);
INSERT INTO "sent_recipients" VALUES('carl@firm.example',2,1795435140123456,3);
CREATE TABLE sent_shapes (
	account_id INTEGER NOT NULL, 
	shape TEXT NOT NULL, 
	CONSTRAINT pk_sent_shapes PRIMARY KEY (account_id, shape), 
	CONSTRAINT fk_sent_shapes_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)
 WITHOUT ROWID

;
INSERT INTO "sent_shapes" VALUES(1,'a@outlook.example');
INSERT INTO "sent_shapes" VALUES(1,'a@winter.example');
INSERT INTO "sent_shapes" VALUES(2,'a.n@winter.example');
CREATE TABLE staged_ids (
	"key" TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	message_id INTEGER NOT NULL, 
	CONSTRAINT fk_staged_ids_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_staged_ids_message_id FOREIGN KEY(message_id) REFERENCES sent_messages (id)
);
INSERT INTO "staged_ids" VALUES('alias@outlook.example',1,1);
CREATE TABLE staged_recipients (
	recipient TEXT NOT NULL, 
	account_id INTEGER NOT NULL, 
	sent_at BIGINT NOT NULL, 
	message_id INTEGER NOT NULL, 
	CONSTRAINT fk_staged_recipients_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_staged_recipients_message_id FOREIGN KEY(message_id) REFERENCES sent_messages (id)
);
INSERT INTO "staged_recipients" VALUES('eve@shop.example',1,1795435140123456,1);
CREATE TABLE storms (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account TEXT NOT NULL, 
	since BIGINT NOT NULL, 
	noticed BIGINT NOT NULL, 
	ended BIGINT
);
INSERT INTO "storms" VALUES(1,'home',1795435200123456,1795435200123456,NULL);
CREATE TABLE sweeps (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account TEXT NOT NULL, 
	mode VARCHAR NOT NULL, 
	started BIGINT NOT NULL, 
	ended BIGINT, 
	looked_at INTEGER NOT NULL, 
	harvested INTEGER NOT NULL, 
	verdicts TEXT NOT NULL, 
	moved INTEGER NOT NULL, 
	returned INTEGER NOT NULL, 
	left_alone INTEGER NOT NULL, 
	refusal VARCHAR, 
	troubles TEXT NOT NULL
);
INSERT INTO "sweeps" VALUES(1,'home','move',1795435200123456,1795435286523456,40,2,'{"orphan": 2, "undecided": 1}',2,0,0,NULL,'["one left open"]');
INSERT INTO "sweeps" VALUES(2,'home','move',1795435200123456,1795435200123456,0,0,'{}',0,1,0,'observing','[]');
CREATE TABLE watch_cursors (
	account TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	uidvalidity INTEGER NOT NULL, 
	uidnext INTEGER NOT NULL, 
	"exists" INTEGER NOT NULL, 
	read_at BIGINT NOT NULL, 
	CONSTRAINT pk_watch_cursors PRIMARY KEY (account, folder)
);
INSERT INTO "watch_cursors" VALUES('home','INBOX',7,50,40,1795435200123456);
CREATE TABLE wishes (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	move_id INTEGER, 
	case_id INTEGER, 
	state VARCHAR NOT NULL, 
	asked_at BIGINT NOT NULL, 
	sweep_id INTEGER, 
	tried_at BIGINT, 
	told TEXT NOT NULL, 
	settled_at BIGINT, 
	done_by INTEGER, 
	CONSTRAINT uq_wishes_key UNIQUE ("key"), 
	CONSTRAINT fk_wishes_move_id FOREIGN KEY(move_id) REFERENCES moves (id), 
	CONSTRAINT fk_wishes_case_id FOREIGN KEY(case_id) REFERENCES cases (id), 
	CONSTRAINT fk_wishes_sweep_id FOREIGN KEY(sweep_id) REFERENCES sweeps (id), 
	CONSTRAINT fk_wishes_done_by FOREIGN KEY(done_by) REFERENCES moves (id)
);
INSERT INTO "wishes" VALUES(1,'home','bring-back','key-1',1,NULL,'asked',1795435200123456,NULL,NULL,'',NULL,NULL);
INSERT INTO "wishes" VALUES(2,'home','put-away','key-2',NULL,3,'refused',1795435200123456,2,NULL,'the server did not move it.',1795435200123456,NULL);
CREATE INDEX ix_accounts_person ON accounts (person);
CREATE INDEX ix_coverage_account ON coverage (account);
CREATE INDEX ix_sweeps_account ON sweeps (account);
CREATE INDEX ix_moves_account_fingerprint ON moves (account, fingerprint);
CREATE INDEX ix_moves_account_state ON moves (account, state);
CREATE INDEX ix_moves_message_key ON moves (message_key);
CREATE INDEX ix_moves_returns ON moves (returns);
CREATE INDEX ix_moves_sweep_id ON moves (sweep_id);
CREATE INDEX ix_cases_account_closed_at ON cases (account, closed_at);
CREATE INDEX ix_cases_account_verdict_arrival ON cases (account, verdict, arrival);
CREATE INDEX ix_cases_message_key ON cases (message_key);
CREATE INDEX ix_received_ids_arrived ON received_ids (arrived);
CREATE UNIQUE INDEX ix_sent_messages_account_id_sent_at_fingerprint ON sent_messages (account_id, sent_at, fingerprint);
CREATE UNIQUE INDEX ix_sent_messages_account_id_fingerprint ON sent_messages (account_id, fingerprint) WHERE dated = 0;
CREATE INDEX ix_notices_state ON notices (state);
CREATE INDEX ix_storms_account ON storms (account);
CREATE INDEX ix_wishes_state ON wishes (state);
CREATE INDEX ix_cases_listed ON cases (arrival, id, account, verdict, kind, closure, words);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sweeps',2);
INSERT INTO "sqlite_sequence" VALUES('cases',3);
INSERT INTO "sqlite_sequence" VALUES('moves',4);
INSERT INTO "sqlite_sequence" VALUES('alarms',2);
INSERT INTO "sqlite_sequence" VALUES('notices',1);
INSERT INTO "sqlite_sequence" VALUES('storms',1);
INSERT INTO "sqlite_sequence" VALUES('wishes',2);
COMMIT;
