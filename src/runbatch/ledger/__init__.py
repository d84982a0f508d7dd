"""The durable record of a batch."""
