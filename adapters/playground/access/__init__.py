"""Who may use the playground: origin checks, login, sessions and the people one can be."""
