-- name: entries_after
SELECT adapter, key, value FROM adapter_data
WHERE adapter > :adapter OR (adapter = :adapter AND key > :key)
ORDER BY adapter, key LIMIT :count;

-- name: replace_entry
UPDATE adapter_data SET value = :new WHERE adapter = :adapter AND key = :key AND value = :old;

-- name: cards_after
SELECT id, reply_token FROM card WHERE id > :id AND reply_token <> '' ORDER BY id LIMIT :count;

-- name: replace_card
UPDATE card SET reply_token = :new WHERE id = :id AND reply_token = :old;

-- name: keys_after
SELECT account, workspace, value FROM workspace_key WHERE account > :account ORDER BY account LIMIT :count;

-- name: replace_key
UPDATE workspace_key SET value = :new WHERE account = :account AND value = :old;
