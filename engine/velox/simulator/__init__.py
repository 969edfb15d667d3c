"""A made-up exchange and broker: generated sessions, and the servers that play any day."""
