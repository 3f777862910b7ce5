"""What the queues run: shallow functions that take ids, open a transaction, and call a service."""
