-- The provider's own word for an object's status: what is read as `unknown` today may be understood tomorrow.
ALTER TABLE transaction_logs ADD COLUMN provider_status TEXT;
