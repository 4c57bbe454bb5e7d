"""The audit trail from outside: reads and files that leave a line, and the trail itself."""
