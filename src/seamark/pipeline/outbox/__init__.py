"""The outbox: every act at another service is a row first, and done until it is done or given up."""
