"""The API: routes, rules, state in SQLite, callbacks and faults."""
