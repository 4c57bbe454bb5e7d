"""Who may do what: roles, rights, accounts."""
