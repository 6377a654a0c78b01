"""Shadow runs: real requests replayed against a served entity without traffic, and compared."""
