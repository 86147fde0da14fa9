"""What is stored for one person: defaults, links, direct messages, and how long all of it is kept."""
