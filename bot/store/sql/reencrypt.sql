-- name: entries_after
SELECT adapter, key, value FROM vault
WHERE adapter > :adapter OR (adapter = :adapter AND key > :key)
ORDER BY adapter, key LIMIT :count;

-- name: replace_entry
UPDATE vault SET value = :new WHERE adapter = :adapter AND key = :key AND value = :old;

-- name: cards_after
SELECT id, reach FROM card WHERE id > :id AND reach <> '' ORDER BY id LIMIT :count;

-- name: replace_card
UPDATE card SET reach = :new WHERE id = :id AND reach = :old;
