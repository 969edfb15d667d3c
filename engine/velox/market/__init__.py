"""What the exchange and the state prescribe, as dated data: sessions, holidays, ticks, charges, instruments."""
