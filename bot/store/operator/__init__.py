"""What the operator looks after: provider accounts, workspaces' keys, credit, alerts, reports."""
