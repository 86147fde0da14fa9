"""How a card looks on Discord. Pure."""
