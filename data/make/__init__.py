"""Programs that make the embedded data; they may import everything and nothing imports them."""
