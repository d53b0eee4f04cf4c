"""A modality of one's own, that other processes can import."""

import numpy as np

from emoviz.perception.base import Reading, Windows


class Loudness:
    """Takes what is loud for anger and what is not for neutral."""

    modality = "voice"
    version = "1"

    def read(self, media):
        heard = media.sound()
        if heard is None:
            yield Reading("voice", "missing", "There is no sound.")
            return
        loud = min(1.0, float(np.abs(heard.samples).mean()))
        native = np.array([[loud, 1 - loud]])
        ends = np.array([heard.start]), np.array([heard.start + heard.seconds])
        windows = Windows(*ends, native, np.array([[loud]], np.float32), np.ones(1), ("anger", "neutral"))
        yield Reading("voice", "read", "", windows)
