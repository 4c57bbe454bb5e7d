"""The door of the service: who asks, signing in and out, one's own account."""
