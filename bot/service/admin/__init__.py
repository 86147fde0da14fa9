"""What the admins of a workspace decide and see. Each use case checks the caller's rights itself."""
