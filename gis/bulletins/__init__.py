"""What a community publishes every month (PUB-1): figures of places, small counts withheld."""
