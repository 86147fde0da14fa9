-- name: lock_policy
SELECT policy FROM workspace WHERE id = :workspace {{locked}};

-- name: set_policy
UPDATE workspace SET policy = :policy WHERE id = :workspace;
