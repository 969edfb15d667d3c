//! Wire formats of the feeds, decoded into values; a malformed frame is an error value.
