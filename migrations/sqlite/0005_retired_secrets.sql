-- Keys are found by their secret's hash, the one before the last rotation included.
CREATE INDEX api_keys_by_retired_hash ON api_keys (retired_hash) WHERE retired_hash IS NOT NULL;
