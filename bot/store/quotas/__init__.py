"""What counts against limits: meters, the ledger of reservations, and sums of what was used."""
