"""How the installation stands: store, queue, newest records, refusals; counts and no contents."""
