"""From media to windows of emotion distributions and embeddings, one modality at a time."""
