"""What people see: messages drawn as a page, for eyes and for pictures of them."""
