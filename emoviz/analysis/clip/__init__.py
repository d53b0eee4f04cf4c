"""One clip explained: what each modality conveys, where they disagree, when, and how sure that is."""
