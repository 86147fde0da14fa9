"""What admins and the operator decide for workspaces: policies, groups, presets, and the audit of that."""
