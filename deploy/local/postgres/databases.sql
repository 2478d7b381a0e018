-- One role and one database per service; run at every `cleargate up`, so every statement may be repeated.
-- psql variable: service; its password comes in the environment, because a command line is everybody's to read.
\getenv password SERVICE_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', :'service')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec

ALTER ROLE :"service" PASSWORD :'password';

-- A stopped process frees its locks: limits on waiting, on a statement, on an idle transaction, and on a dead connection.
-- Migrations and audits lift statement_timeout for themselves through `options` in their URL.
ALTER ROLE :"service" SET lock_timeout = '5s';
ALTER ROLE :"service" SET statement_timeout = '60s';
ALTER ROLE :"service" SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE :"service" SET tcp_keepalives_idle = '10s';
ALTER ROLE :"service" SET tcp_keepalives_interval = '5s';
ALTER ROLE :"service" SET tcp_keepalives_count = 3;

SELECT format('CREATE DATABASE %I OWNER %I', :'service', :'service')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec

-- No service can read another's database.
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
