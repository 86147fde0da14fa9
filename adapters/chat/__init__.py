"""Code that the chat adapters share: card controls, text sanitizing, result files, caches."""
