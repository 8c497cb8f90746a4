"""Rules: what they may ask for, whether it holds, and what would have held before."""
