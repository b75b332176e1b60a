"""Many cells side by side: who runs when, for how long, on whose account."""
