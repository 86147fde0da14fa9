"""What the chat adapters share: controls under a card, text from people, result files, caches."""
