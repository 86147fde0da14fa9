-- name: save
INSERT INTO vocabulary (provider, concepts, camera_motions, told_at)
VALUES (:provider, :concepts, :camera_motions, :now)
ON CONFLICT (provider) DO UPDATE SET concepts = excluded.concepts, camera_motions = excluded.camera_motions,
                                     told_at = excluded.told_at;

-- name: all
SELECT provider, concepts, camera_motions, told_at FROM vocabulary;
