"""What a back-test did, as trades, figures, tables and one HTML page; and how two results differ."""
