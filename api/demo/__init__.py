"""``wangge demo``: an invented district from generated files to maps and exports."""

ACCOUNTS = "demo-accounts.json"
"""The file of the home with the demo's accounts."""
