"""`reverie doctor`: the checks of an installation. Each finding has a remedy."""
