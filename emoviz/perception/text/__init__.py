"""Words: transcripts, and what readers would perceive in them."""
