"""The other side of the wire: an exchange that plays a day, and brokers in front of it as their clients know them."""
