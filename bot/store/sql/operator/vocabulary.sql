-- name: save
INSERT INTO vocabulary (provider, concepts, camera_motions, fetched_at)
VALUES (:provider, :concepts, :camera_motions, :now)
ON CONFLICT (provider) DO UPDATE SET concepts = excluded.concepts, camera_motions = excluded.camera_motions,
                                     fetched_at = excluded.fetched_at;

-- name: all
SELECT provider, concepts, camera_motions, fetched_at FROM vocabulary;
