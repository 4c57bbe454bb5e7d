"""Maps and exports made of what the store holds."""
