"""The audit trail: who did what, when, from where, on which area; a chain shows tampering."""
