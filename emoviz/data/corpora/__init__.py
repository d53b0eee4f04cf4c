"""Public corpora of faces, voices and words as their authors published them: the raw media with its labels."""
