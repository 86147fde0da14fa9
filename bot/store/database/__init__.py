"""SQLite and PostgreSQL behind one interface: connections, group commit, migrations, notifications."""
