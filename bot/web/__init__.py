"""The web server: callbacks, media, health and the operator socket."""
