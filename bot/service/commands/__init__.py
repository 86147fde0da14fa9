"""Commands that make jobs: quoted, shown before they start, accepted, explained."""
