"""Where ticks come from: the interface of a feed, the broker's packets, and the SMART API client."""
