"""Installation of the app: its manifest, the OAuth flow, and the tokens of each workspace."""
