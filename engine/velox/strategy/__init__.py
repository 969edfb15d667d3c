"""What a quant writes: declarations, decisions and intents, and what judges and binds them."""
