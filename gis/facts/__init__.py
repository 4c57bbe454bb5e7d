"""Facts about the store itself: whose district it holds, whether it is a demonstration."""
