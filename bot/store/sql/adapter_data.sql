-- name: next_seq
-- The row's lock lasts until the commit, so numbers become visible in their order.
INSERT INTO adapter_data_seq (adapter, seq) VALUES (:adapter, 1)
ON CONFLICT (adapter) DO UPDATE SET seq = adapter_data_seq.seq + 1 RETURNING seq;

-- name: put
INSERT INTO adapter_data (adapter, key, value, seq) VALUES (:adapter, :key, :value, :seq)
ON CONFLICT (adapter, key) DO UPDATE SET value = excluded.value, seq = excluded.seq;

-- name: put_new
INSERT INTO adapter_data (adapter, key, value, seq) VALUES (:adapter, :key, :value, 0)
ON CONFLICT (adapter, key) DO NOTHING;

-- name: get
SELECT key, value, seq FROM adapter_data WHERE adapter = :adapter AND key = :key;

-- name: remove
DELETE FROM adapter_data WHERE adapter = :adapter AND key = :key;

-- name: remove_before
DELETE FROM adapter_data
WHERE adapter = :adapter AND substr(key, 1, length(CAST(:prefix AS text))) = :prefix AND key < :before;

-- name: since
SELECT key, value, seq FROM adapter_data
WHERE adapter = :adapter AND seq > :seq AND substr(key, 1, length(CAST(:prefix AS text))) = :prefix ORDER BY seq LIMIT :count;

-- name: latest
SELECT key, value, seq FROM adapter_data
WHERE adapter = :adapter AND substr(key, 1, length(CAST(:prefix AS text))) = :prefix ORDER BY seq DESC LIMIT :count;

-- name: pop
DELETE FROM adapter_data WHERE adapter = :adapter AND key = :key RETURNING key, value, seq;

-- name: reserve_slot
-- The row's lock lasts until the commit, so no time is given out twice.
INSERT INTO rate_slot (adapter, name, next_at) VALUES (:adapter, :name, :after)
ON CONFLICT (adapter, name) DO UPDATE SET next_at = {{greatest}}(rate_slot.next_at, CAST(:now AS bigint)) + CAST(:every AS bigint)
RETURNING next_at;
