-- name: of_member
SELECT defaults FROM member WHERE id = :member;

-- name: lock_member
SELECT defaults FROM member WHERE id = :member {{locked}};

-- name: set_of_member
UPDATE member SET defaults = :defaults WHERE id = :member;
