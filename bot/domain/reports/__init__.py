"""What admins and the operator read: usage, the audit, alerts, conditions."""
