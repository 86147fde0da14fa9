-- name: named
SELECT name, kind, text, pictures, makers, set_by, set_at FROM preset
WHERE workspace = :workspace AND name IN ({{values names}});

-- name: all_of
SELECT name, kind, text, pictures, makers, set_by, set_at FROM preset WHERE workspace = :workspace ORDER BY name;

-- name: names
SELECT name, kind FROM preset WHERE workspace = :workspace ORDER BY name;

-- name: save
INSERT INTO preset (workspace, name, kind, text, pictures, makers, set_by, set_at)
VALUES (:workspace, :name, :kind, :text, :pictures, :makers, :set_by, :set_at)
ON CONFLICT (workspace, name) DO UPDATE SET kind = excluded.kind, text = excluded.text, pictures = excluded.pictures,
    makers = excluded.makers, set_by = excluded.set_by, set_at = excluded.set_at;

-- name: with_makers
-- Without an index: somebody asks for this once.
SELECT workspace, name, makers FROM preset WHERE makers <> '[]' AND set_at <= :before ORDER BY workspace, name;

-- name: remove
DELETE FROM preset WHERE workspace = :workspace AND name = :name;
