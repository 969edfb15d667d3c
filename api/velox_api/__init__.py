"""The REST and WebSocket API of Velox."""
