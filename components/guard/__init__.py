"""Resource hooks that refuse changes which a live endpoint can't survive."""
