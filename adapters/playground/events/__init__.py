"""HTTP routes by which a page sends commands, actions and files."""
