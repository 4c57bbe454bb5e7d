"""Hidden dangers (隐患, SAF-4): reported, assigned, fixed, checked, closed; escalation (EVT-1)."""
