"""How the app comes into workspaces, and whose token opens which."""
