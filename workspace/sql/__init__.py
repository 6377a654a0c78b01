"""SQL warehouses and the statement execution API, as far as inference tables need them."""
